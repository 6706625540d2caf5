"""What a service costs and allows: a table with the date on which it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "prices.toml"
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Of one model.

    ``dollars`` and ``batch`` are for a million tokens; None where nobody knows. ``tiers`` holds
    texts a minute, tokens a minute and texts a day of each tier; 0 is no limit.
    """

    dollars: float | None = None
    batch: float | None = None
    tiers: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    read: str = ""  # the date

    def of(self, tokens: float, *, batch: bool = False) -> float | None:
        """Dollars for so many tokens, or None."""
        rate = self.batch if batch else self.dollars
        return None if rate is None else tokens * rate / _MILLION

    def minutes(self, texts: int, tokens: float) -> dict[str, float]:
        """How long the quota of each tier makes it last."""
        out = {}
        for name, (requests, a_minute, a_day) in self.tiers.items():
            least = max(texts / requests if requests else 0, tokens / a_minute if a_minute else 0)
            days = (texts - 1) // a_day if a_day and texts else 0
            out[name] = max(least, days * 24 * 60.0)
        return out


@cache
def _table() -> dict[str, Price]:
    import tomllib

    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    read = str(table.pop("read"))
    return {
        model: Price(
            row["dollars"],
            row["batch"],
            {tier: tuple(row[tier]) for tier in ("free", "paid") if tier in row},
            read,
        )
        for model, row in table.items()
    }


def price_of(model: str) -> Price:
    """The price of a model; one without any figure where it is not in the table."""
    return _table().get(model, Price())


def shown(amount: float) -> str:
    """``$2.03``; small amounts with the digits that say something."""
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:.2f}" if amount >= 0.1 or not amount else f"${amount:.4f}"
