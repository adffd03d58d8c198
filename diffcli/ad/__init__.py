"""Automatic differentiation: the one reader of rule texts, dual numbers, the tape, Taylor series."""
