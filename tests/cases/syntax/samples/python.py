"""Orders of a shop: prices, stock, and what a customer still owes."""

from __future__ import annotations

import json
import os.path as paths
from collections.abc import Iterator
from decimal import Decimal as D, ROUND_HALF_UP

from .stock import Stock, reserve as reserve_stock
from .. import errors

MAX_LINES = 100
DEFAULT_CURRENCY: str = "EUR"


class Order:
    """One order of one customer.

    Money is in cents – never in floats.
    """

    currency = DEFAULT_CURRENCY

    def __init__(self, customer: str, lines: list[Line]) -> None:
        self.customer = customer
        self.lines = lines

    @property
    def total(self) -> D:
        """Sum of all lines, rounded."""
        total = sum((line.price * line.count for line in self.lines), D(0))
        return total.quantize(D("0.01"), rounding=ROUND_HALF_UP)

    async def reserve(
        self,
        stock: Stock,
        *,
        retries: int = 3,
    ) -> bool:
        for attempt in range(retries):
            if attempt > 1:
                # Give the other side some time.
                await stock.pause(attempt)
            try:
                await reserve_stock(stock, self.lines)
            except errors.OutOfStock as error:
                print(f"attempt {attempt}: {error!r}")
            else:
                return True
        return False

    class Line:
        def __init__(self, name, price, count=1):
            self.name, self.price, self.count = name, price, count


Line = Order.Line


def load(path: str) -> Iterator[Order]:
    def parse(row):
        return Order(row["customer"], [Line(**line) for line in row["lines"]])

    with open(paths.expanduser(path), encoding="utf-8") as file:
        for text in file:
            yield parse(json.loads(text))


parse_all = lambda paths: [order for path in paths for order in load(path)]
