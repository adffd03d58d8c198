"""Exact real numbers: their forms, and the identities that show which are zero."""
