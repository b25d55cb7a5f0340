"""The smallest pieces, which depend on nothing else: clock, ids, files, failpoints, base errors."""
