"""Commerce platforms: the one port through which orders are placed, and the guard around it.

Which platforms there are, only the folders in ``providers`` and the entry points of installed
packages know.
"""
