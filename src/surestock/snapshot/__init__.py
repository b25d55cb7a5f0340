"""The state at a sequence, in a file: what a start needs in place of the log before it.

**Format** ``surestock-snapshot/2``: ``<sequence, 20 digits>.ndjson``, lines sealed and chained like
those of the log (``crc``, ``prev``). The first is a header, then come parts of at most 2,000
levels, sorted by store and SKU, then parts of active reservations, then parts of documents
(products, carts, checkouts), sorted by key, and an end that counts them all::

    {"crc": …, "prev": …, "format": …, "sequence": 7, "log": …, "ts": …, "ids": {…}}
    {"crc": …, "prev": …, "levels": [{…}, …]}
    {"crc": …, "prev": …, "reservations": [{…}, …]}
    {"crc": …, "prev": …, "documents": [{"kind": "cart", …}, …]}
    {"crc": …, "prev": …, "end": {"levels": 1, "reservations": 1, "documents": 1}}

``log`` is the crc of the log's line that ends with ``sequence``: the tail must follow it. ``ids``
are the newest record ids by boot, by which a record that comes twice is known. A file without its
end, or with any line altered, is damaged, and the snapshot before it is used instead.

Format 1, which knew no documents, is read as well.

Nothing here is the truth: a snapshot may be deleted while the log before it is kept.
"""

from surestock.snapshot.model import Snapshot, SnapshotDamaged, SnapshotHead
from surestock.snapshot.read import newest_snapshot, read_snapshot, snapshot_sequences
from surestock.snapshot.write import snapshot_path, write_snapshot

__all__ = [
    "Snapshot",
    "SnapshotDamaged",
    "SnapshotHead",
    "newest_snapshot",
    "read_snapshot",
    "snapshot_path",
    "snapshot_sequences",
    "write_snapshot",
]
