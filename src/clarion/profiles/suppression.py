"""Addresses that are not sent to: why, and what a reason stops. Pure."""

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """Why an address is suppressed; the strongest first."""

    COMPLAINT = "complaint"  #: its owner called our mail spam
    HARD_BOUNCE = "hard_bounce"  #: its provider says that there is no such address
    BY_HAND = "by_hand"  #: somebody here said so
    UNSUBSCRIBED = "unsubscribed"  #: its owner wants nothing in bulk; what they asked for still comes


#: What is sent to one person on their own doing (a receipt, a password) still goes to these.
ONLY_BULK = frozenset({Reason.UNSUBSCRIBED})


def strongest_reason(reasons: Iterable[Reason], *, bulk: bool) -> Reason | None:
    """Why nothing (in bulk, or at all) is sent; None: it may be."""
    order = list(Reason)
    stopping = [reason for reason in reasons if bulk or reason not in ONLY_BULK]
    return min(stopping, key=order.index, default=None)
