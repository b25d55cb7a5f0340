"""A Bloom filter over digests: most of what is not in a run is known without reading it.

It is eight filters side by side, one to each bit of its bytes. A digest belongs to one of them, by
the low bits of its second half, so that a lookup makes one mask and then looks at bytes. There the
halves h and g give five places, h, h+g ... h+4g, modulo the number of bytes (Kirsch and
Mitzenmacher, "Less Hashing, Same Performance", 2006). At 16 bits a digest, one in 700 of the
digests that were never added is taken for one that was; none that was added for one that was not.

The steps are written out: they are most of the cost of making a run, and a lookup is for every key
that a client sends.
"""

from collections.abc import Iterable, Sequence
from struct import Struct

_BYTES_A_DIGEST = 2
_MASK = tuple(1 << bit for bit in range(8))
_halves = Struct(">QQ").unpack

Probe = tuple[bytes, int]
"""A filter that is asked: its bytes, and how many they are."""


def empty_filter(digests: int) -> bytearray:
    """Return a filter for so many digests."""
    return bytearray(_BYTES_A_DIGEST * digests + 1)


def probe_of(bits: bytes) -> Probe:
    """Return how to ask the filter ``bits``."""
    return bits, len(bits)


def add_digests(bits: bytearray, halves: Iterable[tuple[int, int]]) -> None:
    """Add digests to ``bits``, each as two big-endian numbers."""
    size, masks = len(bits), _MASK
    for start, step in halves:
        mask = masks[step & 7]
        place, stride = start % size, step % size
        bits[place] |= mask
        place += stride
        bits[place % size] |= mask
        place += stride
        bits[place % size] |= mask
        place += stride
        bits[place % size] |= mask
        place += stride
        bits[place % size] |= mask


def any_may_hold(probes: Sequence[Probe], digest: bytes) -> bool:
    """Tell whether one of the filters may hold ``digest`` (16 bytes). False is certain."""
    start, step = _halves(digest)
    mask = _MASK[step & 7]
    for bits, size in probes:
        if (
            bits[start % size] & mask
            and bits[(start + step) % size] & mask
            and bits[(start + 2 * step) % size] & mask
            and bits[(start + 3 * step) % size] & mask
            and bits[(start + 4 * step) % size] & mask
        ):
            return True
    return False
