"""Number systems that interpret programs, one a file; none knows a sibling, a rule or a method."""
