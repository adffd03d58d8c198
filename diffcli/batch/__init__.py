"""Case files in, comparisons out. The terminal is not known here."""
