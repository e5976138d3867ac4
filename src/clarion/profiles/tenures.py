"""Whose an identity was when something was accepted under it. Pure.

An identity is somebody's until an update replaces it, or until its person is erased; then it is free for somebody
else. What was accepted earlier and is processed later still is for whoever had it then.
"""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct


class Tenure(Struct, frozen=True):
    """Until then an identity was somebody's who is found by `became` today; None: by nothing, they were erased."""

    until_us: int
    became: UUID | None


class Tenures:
    """The tenures of some identities that are over."""

    def __init__(self, ended: Iterable[tuple[UUID, Tenure]] = ()) -> None:
        self._ended: dict[UUID, list[Tenure]] = {}
        for blind, tenure in sorted(ended, key=lambda one: one[1].until_us):
            self._ended.setdefault(blind, []).append(tenure)

    def __bool__(self) -> bool:
        return bool(self._ended)

    def at(self, blind: UUID, stamp_us: int) -> Tenure | None:
        """The one that something with this stamp fell into; None: the one that lasts."""
        return next((one for one in self._ended.get(blind, ()) if stamp_us < one.until_us), None)

    def are_of_the_erased(self, blind: UUID, stamp_us: int) -> bool:
        """Whether it was for a person who is no more."""
        tenure = self.at(blind, stamp_us)
        return tenure is not None and tenure.became is None
