"""How lists and suppressions are shown outside; as `views`, for the management API and the command line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from clarion import model
from clarion.api.views import PROFILE
from clarion.model import Identity
from clarion.profiles import Person, ProfileList, Suppressed

LIST, SUPPRESSION = "lst", "sup"


class Listed(Struct, frozen=True, kw_only=True):
    """A profile in a list of them. `lead`: what finds them first of all; null where nothing does."""

    id: str
    lead: dict[str, str] | None
    emails: tuple[str, ...]
    traits: dict[str, Any]
    created_at: str
    updated_at: str


class ProfilePage(Struct, frozen=True):
    """Profiles, newest first; `next` is the `before` of the next page, null on the last."""

    profiles: list[Listed]
    next: str | None


class List(Struct, frozen=True, kw_only=True):
    """A list. `number`: what callers that want small integers know it by; `members`: people on it."""

    id: str
    number: int
    name: str
    members: int
    created_at: str


class MemberPage(Struct, frozen=True):
    """People on a list; `next` is the `after` of the next page, null on the last."""

    profile_ids: list[str]
    next: str | None


class Suppression(Struct, frozen=True, kw_only=True):
    """An address that is not sent to, with one reason. `value` null: its person was erased."""

    id: str
    channel: str
    value: str | None
    reason: str
    by: str
    suppressed_at: str


class SuppressionPage(Struct, frozen=True):
    """Suppressed addresses, newest first; `next` is the `before` of the next page, null on the last."""

    suppressions: list[Suppression]
    next: str | None


def listed(one: Person, lead: Identity | None) -> Listed:
    """A profile in a list of them."""
    return Listed(
        id=model.show_id(PROFILE, one.profile_id),
        lead=None if lead is None else _identity(lead),
        emails=one.emails,
        traits=dict(sorted(one.traits.items())),
        created_at=_time(one.created_us),
        updated_at=_time(one.updated_us),
    )


def profile_page(found: Sequence[Listed], limit: int) -> ProfilePage:
    """A page of `limit` from one more than that."""
    shown = list(found[:limit])
    return ProfilePage(shown, shown[-1].id if len(found) > limit else None)


def list_(one: ProfileList) -> List:
    """A list."""
    return List(
        id=model.show_id(LIST, one.list_id),
        number=one.number,
        name=one.name,
        members=one.members,
        created_at=one.created_at.isoformat(),
    )


def member_page(found: Sequence[tuple[UUID, UUID]], limit: int) -> MemberPage:
    """A page of `limit` from one more than that: (place, person)."""
    shown = [model.show_id(PROFILE, root) for _, root in found[:limit]]
    return MemberPage(shown, model.show_id(PROFILE, found[limit - 1][0]) if len(found) > limit else None)


def suppression(one: Suppressed) -> Suppression:
    """A suppressed address."""
    return Suppression(
        id=model.show_id(SUPPRESSION, one.suppression_id),
        channel=one.channel,
        value=one.value,
        reason=one.reason.value,
        by=one.source.dialect,
        suppressed_at=one.suppressed_at.isoformat(),
    )


def suppression_page(found: Sequence[Suppressed], limit: int) -> SuppressionPage:
    """A page of `limit` from one more than that."""
    shown = [suppression(one) for one in found[:limit]]
    return SuppressionPage(shown, shown[-1].id if len(found) > limit else None)


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat()


def _identity(one: Identity) -> dict[str, str]:
    return {"kind": one.kind.name.lower(), "namespace": one.namespace, "value": one.value}
