"""The write-ahead log: append-only segments of NDJSON, one line a group commit.

**Format** ``surestock-log/1``. A segment is ``<first sequence, 20 digits>.ndjson``. Its first line
is a header, every other line is a group commit::

    {"crc": "8f3a01bc", "prev": "00000000", "format": "surestock-log/1", "first": 1, "ts": "..."}
    {
        "crc": "51c2e9aa",
        "prev": "8f3a01bc",
        "first": 1,
        "last": 2,
        "ts": "...",
        "records": [{...}, {...}],
    }

``crc`` is the CRC-32 of the rest of the line, from ``"prev"`` to the last brace; ``prev`` is the
crc of the line before, also across segments (``00000000`` at the start of the log): a chain.

A new segment is begun when the last one has enough bytes or records. One that is followed by
another is sealed: it is complete and durable, and never changes.

**Archive.** A sealed segment may be kept as ``archive/<first sequence, 20 digits>.ndjson.gz``, and
then need not be kept as a plain file; while there are both, the plain one is read. ``zcat`` gives
the segment back byte for byte. The file is many gzip members, of 64 KiB of the segment each, the
last one of what is left. In a member's header, FEXTRA holds two subfields::

    1f 8b 08 04  00 00 00 00  00 ff  14 00    gzip, FEXTRA, no time, 20 bytes of subfields
    "SB" 04 00   u32                          bytes of this member, header and trailer included
    "SL" 08 00   u64                          bytes of the whole segment
    deflated bytes, CRC-32, length            as in any gzip file

So the members are found by reading 32 bytes of each, any byte of the segment is found by inflating
64 KiB, and a file that was cut, even between two members, is refused. A file without them, gzipped
by another tool, is read all the same, after inflating all of it.

Offsets and line numbers are those of the plain segment, wherever it is kept.

**Reading back.** A damaged last line is a torn tail: a write that a crash cut short, of which
nobody was told. It is set aside and cut off. Damage anywhere else refuses to start, and so does a
segment that is in neither folder. Only the last segment, as a plain file, can have a torn tail.

A reader in another process stops at the frontier: the last byte of which the writer said that it
is durable. What is in the file behind it may go again.

Files by verb or noun: ``line`` encodes and decodes, ``settle`` asks the disk, ``chain`` proves that
line follows line, ``scan`` does so for a log that stands still and ``tail`` for one that grows,
``repair`` cuts a torn tail, ``append`` writes and syncs, ``writer`` is the thread that does so,
``read`` serves durable lines. ``segment`` knows the names, ``archive`` compresses, ``member`` and
``member_table`` know the compressed file, ``content`` and ``stored`` read any segment by its bytes.
"""
