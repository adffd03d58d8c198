"""The course: lessons as data, a file each in both languages, and the small engine that runs them.

A lesson is a row of steps. A step says something, runs a real command or a few
lines of Python, and explains what came out. What must come out stands beside it
(`expect`), and is held by the tests.
"""
