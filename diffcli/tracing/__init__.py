"""Python functions, run once on numbers that remember: what is left is the program of the path taken.

    f.py:f ── loading ──► function ── running, on `values` and `arrays` ──► Expression, with the `path` it took

It knows programs, float64 and NumPy's protocols; it must not know derivatives, cases or reports. Nothing here
patches NumPy or the user's code: Python's operators and NumPy's own protocols are all that is used. NumPy is
imported when a function is run, not before.
"""
