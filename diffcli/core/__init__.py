"""Programs and how they are interpreted: the table of primitives, equations, passes, the one interpreter."""
