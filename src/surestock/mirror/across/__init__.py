"""A user's turn over all processes: what it has to be, and the two ways in which it is kept."""
