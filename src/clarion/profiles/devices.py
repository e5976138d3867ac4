"""Devices: whose token one is by its shape, and what is shown of it. Pure."""

import re
from typing import Literal

from msgspec import Struct

from clarion.model import Platform

TokenKind = Literal["fcm", "onesignal"]
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class StoredDevice(Struct, frozen=True, kw_only=True):
    """A device as it is shown. `token_kind`: whose token it is. `may_push`: whether its owner said yes.

    `replaced`: its token is another one now, so that nothing is sent to this one.
    """

    token: str
    token_kind: TokenKind
    platform: Platform
    may_push: bool
    language: str
    country: str
    timezone: str
    replaced: bool
    last_seen: str


def kind_of(token: str) -> TokenKind:
    """OneSignal's subscriptions are UUIDs; Firebase's tokens never are."""
    return "onesignal" if _UUID.fullmatch(token) else "fcm"
