"""How providers are shown outside; as `views`, for the management API and the command line."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from clarion import messaging, model
from clarion.messaging import Accepted, Deferred, Rejected, Result, StoredProvider, Unknown, configs, trying

PROVIDER = "prv"


class Provider(Struct, frozen=True, kw_only=True):
    """Who carries a channel. `settings`: a secret is `***`; `id`, `set_at` null: nothing was set. `reports_url`: where
    it tells what became of messages, signed with its `report_secret`; null without one.
    """

    id: str | None
    channel: messaging.Channel
    kind: str
    settings: dict[str, Any]
    set_at: str | None
    warnings: list[str]
    reports_url: str | None = None


class Tried(Struct, frozen=True, kw_only=True):
    """What became of a test message, and what the provider said to it. `kind`: why not, of a closed list."""

    state: str
    said: str
    kind: str | None = None
    provider_ref: str | None = None
    warnings: list[str] = []


def provider(one: StoredProvider, *, local: bool, reports_url: str) -> Provider:
    """A channel's provider. `local`: recipients cannot open our links; `reports_url`: where it may report."""
    at = (
        None
        if one.changed_us is None
        else datetime.fromtimestamp(one.changed_us / 1_000_000, UTC).isoformat()
    )
    return Provider(
        id=None if at is None else model.show_id(PROVIDER, one.provider_id),
        channel=one.channel,
        kind=one.kind,
        settings=configs.shown(one.config),
        set_at=at,
        warnings=warnings(one, local=local),
        reports_url=reports_url if getattr(one.config, "report_secret", None) else None,
    )


def warnings(one: StoredProvider, *, local: bool) -> list[str]:
    """What will not work as people expect."""
    if local and trying.is_real(one.kind) and one.channel != "webhook":
        return [
            "public_url is this machine's own address: recipients cannot open the links in their messages; "
            "set public_url"
        ]
    return []


def tried(result: Result, warned: list[str] | None = None) -> Tried:
    """What became of it."""
    warned = warned or []
    match result:
        case Accepted(provider_ref=ref, reply=reply):
            return Tried(state="accepted", said=reply, provider_ref=ref, warnings=warned)
        case Deferred(reason=reason):
            return Tried(state="deferred", said=reason, warnings=warned)
        case Rejected(reason=reason, kind=kind):
            return Tried(state="rejected", said=reason, kind=kind.value, warnings=warned)
        case Unknown(reason=reason):
            return Tried(state="unknown", said=reason, warnings=warned)
