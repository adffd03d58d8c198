"""What studies find, in tables, plots and sentences: one file a study, of its name.

`tell` makes a `Study` of the numbers, in the language that is set; the study is not run for it.
"""
