"""POST /developer/push: a push that a shop's own server asks for. Pure; spoken once a channel carries pushes."""

from typing import Any

from msgspec import Struct

from clarion.dialects import _storable
from clarion.dialects._http import Headers
from clarion.dialects.smartapppush import rules, wire
from clarion.dialects.smartapppush.wire import Malformed, Told
from clarion.model import Identity, IdentityKind, JSONObject

PATH = "/developer/push"
DEDUPE_WINDOW_S = 600  # the vendor's
PRIORITIES = range(1, 11)
PRIORITY = 5
TITLE_MAX, BODY_MAX = 255, 4_096  # characters; the vendor names no limit
_KEY_MAX = 256


class Push(Struct, frozen=True):
    """What is asked for."""

    app_user_id: str | int | None = None
    title: str | None = None
    body: str | None = None
    extra_data: dict[str, Any] | None = None
    schedule_at: str | None = None
    priority: int | None = None
    dedupe_key: str | None = None


class Pushed(Struct, frozen=True):
    """The answer: how many devices it goes to."""

    push_count: int
    app_user_id: str
    app_id: str


class Wanted(Struct, frozen=True):
    """A push that breaks no rule. `due_us`: None for at once; `dedupe_key`: the same within ten minutes is a repeat."""

    user_id: str
    title: str
    body: str
    extra_data: JSONObject
    due_us: int | None
    priority: int
    dedupe_key: str | None


def key_in(headers: Headers) -> str | None:
    """The server key, which stands in a header of its own and never in an app."""
    key = headers.get(b"x-server-key", b"").strip()
    return key.decode() if 0 < len(key) <= _KEY_MAX and key.isascii() else None


def check(told: Told) -> Wanted:
    """Raises Malformed."""
    push = wire.shaped(told, Push)
    user_id = rules.user_id(push.app_user_id)
    if user_id is None:
        raise Malformed("app_user_id is required")
    priority = PRIORITY if push.priority is None else push.priority
    if priority not in PRIORITIES:
        raise Malformed(f"priority must be {PRIORITIES[0]} to {PRIORITIES[-1]}")
    extra = push.extra_data or {}
    if wrong := _storable.problem(extra):
        raise Malformed(f"extra_data {wrong}")
    return Wanted(
        user_id=user_id,
        title=rules.text(push.title, "title", TITLE_MAX),
        body=rules.text(push.body, "body", BODY_MAX),
        extra_data=extra,
        due_us=None if push.schedule_at is None else rules.time_us(push.schedule_at, "schedule_at"),
        priority=priority,
        dedupe_key=None if not push.dedupe_key else rules.text(push.dedupe_key, "dedupe_key"),
    )


def whose(push: Wanted, namespace: str) -> Identity:
    """Whose devices it goes to."""
    return Identity(IdentityKind.EXTERNAL_ID, namespace, push.user_id)
