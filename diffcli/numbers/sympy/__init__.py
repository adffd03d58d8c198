"""SymPy as a number system, both ways, and what SymPy shows to be equal."""
