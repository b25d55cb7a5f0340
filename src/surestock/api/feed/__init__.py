"""The events as they go out, to any number of readers.

``item`` shows one record, ``pages`` are made once for all readers, ``stream`` is what one reader
gets, ``feed`` knows who reads, and how many may.
"""
