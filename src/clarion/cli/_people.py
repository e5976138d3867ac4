"""How people are printed: one, a list of them, the receipt of an erasure."""

from collections.abc import Sequence
from typing import Any

from clarion.api import views
from clarion.api.audience_views import Listed
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, text
from clarion.profiles import FoundProfile, StoredDevice

_TRAITS_SHOWN = 3


def show_person(found: FoundProfile, json: bool) -> None:
    if json:
        show_json(found)
        return
    lines: dict[str, Any] = {"id": found.id, "created_at": found.created_at}
    lines |= _identities(found)
    if found.addresses:
        lines["reached by"] = [f"{one['channel']} {one['value']}" for one in found.addresses]
    lines |= {f"trait {name}": value for name, value in found.traits.items()}
    if found.devices:
        lines["devices"] = [_device(one) for one in found.devices]
    if len(found.members) > 1:
        lines["members"] = found.members
    show_one(lines, json=False)


def _identities(found: FoundProfile) -> dict[str, list[str]]:
    """What identifies them, by kind and namespace: a person has several e-mails after a merge."""
    by_kind: dict[str, list[str]] = {}
    for one in found.identities:
        by_kind.setdefault(f"{one['kind']} {one['namespace']}".strip(), []).append(one["value"])
    return by_kind


def show_people(found: Sequence[Listed]) -> None:
    """A line each: what finds them, and the first of what is known."""
    rows = [
        {
            "id": one.id,
            "who": _who(one),
            "traits": _brief(one.traits),
            "created_at": one.created_at[:19].replace("T", " "),
        }
        for one in found
    ]
    show_rows(rows, ("id", "who", "traits", "created_at"), json=False)


def show_receipt(receipt: views.Receipt, json: bool) -> None:
    if json:
        show_json(receipt)
        return
    lines: dict[str, Any] = {
        "receipt": receipt.id, "erased at": receipt.erased_at, "by": receipt.actor,
        "complete": receipt.complete, "tombstone": receipt.profile_id,
    }  # fmt: skip
    lines |= {f"erased in {room}": line for room, line in receipt.lines.items()}
    if receipt.awaited:
        lines["waits for"] = receipt.awaited
    lines["sealed copies in the journal"] = f"until {receipt.journal_until}"
    lines["copies in backups"] = receipt.backups
    show_one(lines, json=False)


def _who(one: Listed) -> str:
    if one.lead is None:
        return ""
    named = f"{one.lead['namespace']} {one.lead['value']}".strip()
    return ", ".join(dict.fromkeys((named, *one.emails)))


def _brief(traits: dict[str, Any]) -> str:
    told = [f"{name}={text(value)}" for name, value in traits.items()]
    more = [f"and {len(told) - _TRAITS_SHOWN} more"] if len(told) > _TRAITS_SHOWN else []
    return ", ".join([*told[:_TRAITS_SHOWN], *more])


def _device(one: StoredDevice) -> str:
    """A device in words, without its token."""
    may = "may be pushed to" if one.may_push else "may not be pushed to"
    state = "its token was replaced" if one.replaced else may
    return f"{one.platform} of {one.token_kind} ({state}; {one.language}-{one.country}, {one.timezone})"
