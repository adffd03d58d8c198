"""One-sided expansions, whose leading terms decide at kinks, edges, ties and switches."""
