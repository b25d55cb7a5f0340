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

**Reading back.** A damaged last line is a torn tail: a write that a crash cut short, of which
nobody was told. It is set aside and cut off. Damage anywhere else refuses to start.

Files by verb: ``line`` encodes and decodes, ``settle`` asks the disk, ``scan`` verifies,
``repair`` cuts a torn tail, ``append`` writes and syncs, ``writer`` is the thread that does so,
``read`` serves durable lines.
"""
