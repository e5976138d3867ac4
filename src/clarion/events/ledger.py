"""The conservation ledger: per minute (of the items' ids), what became of every item.

received = rejected + duplicate + accepted
accepted = in flight + quarantined + stored + applied + replaced + discarded
stored   = on the timeline + erased + expired

Beside the equation stands `acknowledged`: items that callers were told are safe, counted in memory after the commit
and written within a second. A crash may lose a second of it, so it is a lower bound of accepted: a block that goes
missing before it was processed leaves accepted below it.
"""

from collections import defaultdict

from msgspec import Struct, structs


class LedgerLine(Struct, frozen=True, kw_only=True):
    """One minute. All but `minute_us` (microseconds since 1970 of its start) are counts of items."""

    minute_us: int
    received: int = 0
    rejected: int = 0
    duplicate: int = 0
    accepted: int = 0
    acknowledged: int = 0
    in_flight: int = 0
    quarantined: int = 0
    stored: int = 0
    applied: int = 0
    replaced: int = 0
    discarded: int = 0
    erased: int = 0
    expired: int = 0


class Mismatch(Struct, frozen=True, kw_only=True):
    """A minute whose counts do not add up. `term` is what was counted, `ledger` what the ledger says of it."""

    minute_us: int
    term: str
    ledger: int
    counted: int


TERMS = (
    "received",
    "rejected",
    "duplicate",
    "accepted",
    "acknowledged",
    "quarantined",
    "stored",
    "applied",
    "replaced",
    "discarded",
    "erased",
)


class Tally:
    """Counts of minutes as they rise (or fall) in one transaction."""

    def __init__(self) -> None:
        self._counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TERMS, 0))

    def add(self, minute_us: int, **counts: int) -> None:
        line = self._counts[minute_us]
        for term, count in counts.items():
            line[term] += count

    def merge(self, other: "Tally") -> None:
        """Take over what another one counted."""
        for minute_us, counts in other._counts.items():
            self.add(minute_us, **counts)

    def take(self) -> list[LedgerLine]:
        """What was added since the last time, by minute."""
        lines = [
            LedgerLine(minute_us=minute_us, **counts) for minute_us, counts in sorted(self._counts.items())
        ]
        self._counts.clear()
        return lines


def inner_mismatches(line: LedgerLine) -> list[Mismatch]:
    """Where the line contradicts itself."""
    found = []
    for term, whole, parts in (
        ("received", line.received, line.rejected + line.duplicate + line.accepted),
        (
            "accepted",
            line.accepted,
            line.in_flight + line.quarantined + line.stored + line.applied + line.replaced + line.discarded,
        ),
    ):
        if whole != parts:
            found.append(Mismatch(minute_us=line.minute_us, term=term, ledger=whole, counted=parts))
    if line.acknowledged > line.accepted:
        found.append(
            Mismatch(
                minute_us=line.minute_us,
                term="acknowledged",
                ledger=line.acknowledged,
                counted=line.accepted,
            )
        )
    return found


def total(lines: list[LedgerLine]) -> LedgerLine:
    """All minutes together; `minute_us` is 0."""
    sums = {name: sum(getattr(line, name) for line in lines) for name in LedgerLine.__struct_fields__}
    return structs.replace(LedgerLine(**sums), minute_us=0)
