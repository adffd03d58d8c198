"""What is proved about a function, in balls and by exact numbers; it knows no derivative rule of ours and no method."""
