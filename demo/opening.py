"""The stock that the shops open with: enough of nearly everything, too little of some.

The choice hangs on the stock key alone, so that every run opens with the same stock.
"""

from zlib import crc32

from demo.basket import StockKey

SEED = 84_51
SHORT_ONE_IN = 50
SPARE_LIMIT = 4


def opening_stock(key: StockKey, demand: int) -> int:
    """Return the units to open ``key`` with, given the units that all baskets want of it.

    One key in 50 gets less than its ``demand`` (perhaps none), the others 0 to 3 units more.
    """
    mark = crc32("/".join(key).encode(), SEED)
    short, lot = mark % SHORT_ONE_IN == 0, mark // SHORT_ONE_IN
    return lot % demand if short else demand + lot % SPARE_LIMIT
