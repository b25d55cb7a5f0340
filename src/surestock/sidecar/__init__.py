"""Sorted runs beside the log: digest -> where the records stand, for what has left memory.

A run covers the sequences ``first`` to ``last`` of the log and is derived from them: it may be
deleted and made again. It holds one entry for each digest that a record is to be found by. Nothing
here knows what the digests are hashes of. They may come in clusters that share their first bytes.

**Format** ``surestock-run/1``. A run is ``<first, 20 digits>-<last, 20 digits><suffix>``. All
numbers are big-endian, so that the order of the bytes is the order of the entries::

    page 0       magic 16s, first Q, last Q, oldest q, newest q, count Q, filter bytes Q, tail crc I
    page 1 ...   102 entries each, the last page fewer: digest 16s, sequence Q, offset Q, length I,
                 crc I; sorted by digest, then sequence; distinct
    fences       the first digest of each page of entries
    filter       a Bloom filter, 2 bytes an entry and 1: see `filter`

A page is 4,096 bytes: its content, zeros, and the CRC-32 of both, which starts from the page's
number, so that a page in another's place is not believed. ``oldest`` and ``newest`` are
microseconds since 1970: the times of the newest records of the oldest and the newest run that were
merged into this one, the same for a run that was not merged. The tail crc is the CRC-32 of fences
and filter, which are kept in memory while a run is open: about 2.2 bytes an entry.

**Reading back.** Page 0, fences and filter are checked when a run is opened, a page of entries
whenever it is read. What is not sound is never answered from.

**Writing.** A run appears as a whole, by a rename. Merging writes the merged run, then unlinks what
it was merged from; a crash in between leaves runs whose range another one contains, which nobody
looks at. One process at a time may write, merge and drop in a directory; any number may read.

Files: ``entry``, ``page``, ``head`` and ``filter`` are the format, ``write`` makes a run, ``file``
and ``run`` read one, ``listing`` and ``runs`` read a directory, ``merge`` and ``drop`` tidy it.
"""
