"""What a caller told us, in our words. A dialect's mapping makes these; nothing below a dialect knows wires."""

from enum import IntEnum, StrEnum
from typing import Any, Literal

from msgspec import Struct

JSONObject = dict[str, Any]  # decoded JSON object: str, int (64 bits), float, bool, None, list, dict
Channel = Literal["email", "sms"]  # of which addresses can be suppressed
AddressChannel = Literal["email", "sms", "push", "webpush"]  # an address of the last two is a device's token
Platform = Literal["android", "ios", "web"]
DAY_US = 86_400_000_000


class IdentityKind(IntEnum):
    """What an identity is; the lower, the stronger: an item is written for its strongest identity's member."""

    EXTERNAL_ID = 1
    EMAIL = 2
    PHONE = 3
    ANONYMOUS_ID = 4


class Identity(Struct, frozen=True, array_like=True, gc=False):
    """One value that finds a profile. `namespace` is "" but for external ids, where it says whose ids they are."""

    kind: IdentityKind
    namespace: str
    value: str


class Reach(Struct, frozen=True, array_like=True, gc=False):
    """A value that only reaches a person: an address on a channel, never looked up, never joining profiles."""

    channel: AddressChannel
    value: str


class Device(Struct, frozen=True, array_like=True, gc=False):
    """Where a push can go, and whether it may: what an event told of the device that it came from.

    Who holds its `token` can reach it. `may_push`: its owner said yes; nobody else says it for them.
    """

    token: str
    platform: Platform
    may_push: bool
    language: str
    country: str
    timezone: str


class Event(Struct, frozen=True, array_like=True, tag="e", kw_only=True, gc=False):
    """Something a profile did. `traits` are facts about the profile that came along, `device` is where it came from.

    `identities` all identify the profile (at least one). `occurred_at_us`: microseconds since 1970.
    `history` marks imports and past events: their traits fill only what is not set.
    """

    name: str
    occurred_at_us: int
    identities: tuple[Identity, ...]
    reaches: tuple[Reach, ...] = ()
    traits: JSONObject = {}
    properties: JSONObject = {}
    context: JSONObject = {}
    session: str | None = None
    history: bool = False
    device: Device | None = None


class ProfileChange(Struct, frozen=True, array_like=True, tag="p", kw_only=True, gc=False):
    """Facts about a profile without an event."""

    identities: tuple[Identity, ...]
    reaches: tuple[Reach, ...] = ()
    traits: JSONObject = {}
    history: bool = False


Inbound = Event | ProfileChange


class Mode(StrEnum):
    ONCE = "once"  #: the first of a key stays, later ones are duplicates
    OVERRIDE = "override"  #: a later one of a key takes the place of the earlier, as its next revision
    NONE = "none"  #: no key: every one is new


class Dedup(Struct, frozen=True, gc=False):
    """How repeats are known. `key`: what the vendor counts as the same.

    Where the key lives: `window_s` (at most a day) seconds back from now by the database's clock, or the UTC day
    number `day` of the time that the key contains, or, with neither, one place for ever.
    """

    mode: Mode = Mode.NONE
    key: str = ""
    window_s: int | None = None
    day: int | None = None


class Offer(Struct, frozen=True, gc=False):
    """One item as it is offered to accept."""

    inbound: Inbound
    dedup: Dedup
