"""Studies of one expression over steps, points, orders or nodes: each is one file, its function returns a `Study`."""
