"""What a remote backend costs, as people read it, and whether they agree."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import click

from codesearch import output
from codesearch.cli.base import Door, answers_another, console, is_terminal, remark
from codesearch.model import Bill

_TIERS = {"paid": "the paid tier", "free": "the free one"}


def approver(
    door: Door, *, yes: bool, question: str = "Send them, and later changes of this repository?"
) -> Callable[[Bill], bool] | None:
    """Asks a person whether a price is agreed to; None where nobody can be asked.

    ``yes``: it was agreed to on the command line.
    """

    def offer(bill: Bill) -> str:
        head = f"To be sent to {bill.service}: {output.plural(bill.texts, 'function')}"
        return f"{head}\n{output.listing(quoted(bill), door.screen)}"

    if yes:

        def agree(bill: Bill) -> bool:
            if not door.quiet:
                remark(offer(bill))
            return True

        return agree
    if answers_another() or not (is_terminal(sys.stdin) and is_terminal(console().err)):
        return None

    def ask(bill: Bill) -> bool:
        remark(offer(bill))
        return click.confirm(question, err=True)

    return ask


def quoted(bill: Bill) -> list[tuple[str, str]]:
    """What it would cost, and what a person should know before."""
    from codesearch.remote.prices import shown

    if not bill.texts and not bill.promised:
        return [("at no cost", f"{output.plural(bill.paid, 'function')}, paid for before")]
    as_of = f" (prices of {bill.priced})" if bill.priced else ""
    price = "not known to us" if bill.dollars is None else f"about {shown(bill.dollars)}{as_of}"
    rows = [("tokens", f"about {bill.tokens:,}"), ("price", price)]
    if bill.model:
        size = f", {bill.dimension} dimensions" if bill.dimension else ""
        rows.insert(0, ("model", bill.model + size))
    if bill.minutes and bill.texts:
        times = (
            f"{lasting(bill.minutes[tier])} on {name}"
            for tier, name in _TIERS.items()
            if tier in bill.minutes
        )
        rows.append(("time", ", ".join(times)))
    elif bill.is_batch and bill.texts:
        rows.append(("time", "mostly minutes to hours, at most a day"))
    if bill.paid:
        rows.append(("at no cost", f"{output.plural(bill.paid, 'function')}, paid for before"))
    if bill.promised:
        rows.append(("in a job", f"{output.plural(bill.promised, 'function')} already"))
    if bill.withheld:
        rows.append(("kept out", output.plural(len(bill.withheld), "string") + " like secrets"))
    if bill.terms:
        rows.append(("terms", bill.terms))
    return rows


def receipt(bill: Bill) -> str:
    """What it cost."""
    from codesearch.remote.prices import shown

    cost = "" if bill.dollars is None else f", {shown(bill.dollars)}"
    as_of = f" by the prices of {bill.priced}" if bill.priced and bill.dollars else ""
    return (
        f"Sent {output.plural(bill.texts, 'function')} to {bill.service}: {bill.tokens:,} tokens"
        f"{cost}{as_of}"
    )


def dealings(door: Door, said: Mapping[str, Any]) -> dict[str, Any]:
    """How ``Index`` asks and tells of what costs money, by the names of its arguments."""
    return {"approve": approver(door, yes=said["yes"]), "receipt": teller(door)}


def teller(door: Door) -> Callable[[Bill], None]:
    """Says what was sent, whatever came after."""

    def tell(bill: Bill) -> None:
        if bill.texts:
            door.say(receipt(bill))
        remarks(door, bill)

    return tell


def remarks(door: Door, bill: Bill) -> None:
    """What else is to be said of it."""
    if bill.refused:
        door.warn(
            f"{bill.service} did not take {output.plural(len(bill.refused), 'function')}, which"
            " can be found by their words only (-v lists them)"
        )
    for name in bill.refused:
        door.detail(f"not taken: {name}")
    if bill.withheld:
        kinds = output.counts(dict(Counter(w.kind for w in bill.withheld).most_common()))
        door.say(f"Kept out what looks like secrets: {kinds}")
    for one in bill.withheld:
        door.detail(f"kept out of {' '.join(filter(None, (one.path, one.symbol)))}: {one.kind}")


def lasting(minutes: float) -> str:
    """``under a minute``, ``at least 7 minutes``, ``3 hours``, ``20 days``."""
    for unit, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= 2 * length:
            return "at least " + output.plural(round(minutes / length), unit)
    return "at least a minute" if minutes >= 1 else "under a minute"
