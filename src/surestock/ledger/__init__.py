"""What one command commits: the unit of the log, over all that there is, stock and carts alike.

A command of any domain is decided here, its events are evolved here, and a record holds both. The
engine's port stands here as well; which domains there are, no engine knows.
"""
