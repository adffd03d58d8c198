"""One expression at very many points: every method over all of them, and errors where they are proved."""
