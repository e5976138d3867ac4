"""How things are shown outside: the shapes that the management API answers with and the command line prints.

Ids carry their noun's prefix; times are ISO 8601 in UTC. What a room hands out ready for showing (StoredEvent,
FoundProfile, StoredChange, Metric) is shown as it is.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, structs

from clarion import accounts, events, jobs, model
from clarion.accounts import NewCredential
from clarion.events import LedgerLine, QuarantinedItem, StoredEvent
from clarion.model import Event, Inbound
from clarion.profiles import Erasure, FoundProfile, StoredChange

WORKSPACE, CREDENTIAL, PROFILE, EVENT, QUARANTINED, ERASURE = "wrk", "crd", "prf", "evt", "qrt", "ers"
JOB = "job"
#: What `issued` tells beside the secret.
ISSUED_BESIDE = ("credential_id", "workspace", "dialect", "role", "app_key", "tenant_id")


class Workspace(Struct, frozen=True, kw_only=True):
    """One tenant."""

    id: str
    name: str
    test: bool
    zone: str
    plan: str
    api_allowed: bool
    device_tokens: str
    created_at: str


class Credential(Struct, frozen=True, kw_only=True):
    """A caller's way in, without its secret. `rates`: requests a minute by bucket, where they differ from the
    vendor's; 0 is no limit.
    """

    id: str
    dialect: str
    role: str | None
    label: str
    token_start: str
    rates: dict[str, int]
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked: bool


class CredentialUse(Struct, frozen=True, kw_only=True):
    """A credential's use of one of its limits in the last hour. `per_minute` 0 is no limit.

    `requests` are all that came, `refused` those of them that were answered 429.
    """

    credential_id: str
    label: str
    dialect: str
    bucket: str
    per_minute: int | None
    requests: int
    refused: int
    busiest_minute: int


class WaitingJob(Struct, frozen=True, kw_only=True):
    """Something that is done in the background. `state`: ready, or failed after its last attempt.

    `done` is how far a long one is (of an import: contacts), `last_error` the kind of failure, never a value.
    """

    id: str
    kind: str
    state: str
    attempts: int
    done: int
    run_at: str
    last_error: str | None


class Rejected(Struct, frozen=True, kw_only=True):
    """An item that a caller was refused. `body`: its first 4 KB, as text."""

    at: str
    code: str
    message: str
    body: str


class EventPage(Struct, frozen=True, kw_only=True):
    """Events, newest received first; `next` is the `before` of the next page, null on the last."""

    events: list[StoredEvent]
    next: str | None


class Receipt(Struct, frozen=True, kw_only=True):
    """What an erasure deleted, by room and kind. Complete when no room is awaited any more.

    `profile_id` is the anonymous tombstone that keeps the counts. Sealed copies stay in the journal until
    `journal_until`, and in each backup made before `erased_at` for as long as you keep it.
    """

    id: str
    profile_id: str
    erased_at: str
    actor: str
    complete: bool
    awaited: list[str]
    lines: dict[str, dict[str, int]]
    journal_until: str
    backups: str = "as long as you keep those made before erased_at"


class Export(Struct, frozen=True, kw_only=True):
    """All that is known of a person. `timeline` is a first page; the profile's events have the next ones."""

    profile: FoundProfile
    history: list[StoredChange]
    timeline: EventPage


class Quarantined(Struct, frozen=True, kw_only=True):
    """An acknowledged item that could not be processed. `items` is above 1 where a whole block stands here."""

    id: str
    dialect: str
    reason: str
    detail: str
    items: int
    attempts: int
    accepted_at: str
    quarantined_at: str | None


class OpenedQuarantined(Quarantined, frozen=True, kw_only=True):
    """The same with what the item says; null where it cannot be read."""

    item: dict[str, Any] | None


class QuarantinePage(Struct, frozen=True, kw_only=True):
    """Quarantined items, newest first; `next` is the `before` of the next page, null on the last."""

    quarantined: list[Quarantined]
    next: str | None


class Retried(Struct, frozen=True, kw_only=True):
    """What another try came to: settled, or the item as it still stands in quarantine."""

    settled: bool
    quarantined: Quarantined | None


class Counts(Struct, frozen=True, kw_only=True):
    """What became of items.

    received = rejected + duplicate + accepted; accepted = in_flight + quarantined + stored + applied + replaced +
    discarded; stored = on the timeline + erased + expired.
    """

    received: int
    rejected: int
    duplicate: int
    accepted: int
    in_flight: int
    quarantined: int
    stored: int
    applied: int
    replaced: int
    discarded: int
    erased: int
    expired: int


class Minute(Counts, frozen=True, kw_only=True):
    """The same for the items of one minute."""

    minute: str


class Mismatch(Struct, frozen=True, kw_only=True):
    """A minute whose counts do not add up: what the ledger says of `term`, and what was counted."""

    minute: str
    term: str
    ledger: int
    counted: int


class Ledger(Struct, frozen=True, kw_only=True):
    """The ledger's minutes, oldest first, and their total. `verified`: counted again from the tables as well."""

    lines: list[Minute]
    total: Counts
    mismatches: list[Mismatch]
    verified: bool


def workspace(one: accounts.Workspace) -> Workspace:
    """A workspace."""
    return Workspace(
        id=model.show_id(WORKSPACE, one.workspace_id),
        name=one.name,
        test=one.test,
        zone=one.zone,
        plan=one.plan,
        api_allowed=one.api_allowed,
        device_tokens=one.device_tokens,
        created_at=one.created_at,
    )


def credential(one: accounts.Credential) -> Credential:
    """A credential without its secret."""
    return Credential(
        id=model.show_id(CREDENTIAL, one.credential_id),
        dialect=one.dialect,
        role=one.role,
        label=one.label,
        token_start=one.token_start,
        rates=one.rates,
        created_at=one.created_at,
        expires_at=None if one.expires_us is None else iso(one.expires_us),
        last_used_at=one.last_used_at,
        revoked=one.revoked,
    )


def credential_use(
    used: accounts.BucketUse, one: accounts.Credential, per_minute: int | None
) -> CredentialUse:
    """What was used of a limit."""
    return CredentialUse(
        credential_id=model.show_id(CREDENTIAL, one.credential_id),
        label=one.label,
        dialect=one.dialect,
        bucket=used.bucket,
        per_minute=per_minute,
        requests=used.requests,
        refused=used.refused,
        busiest_minute=used.busiest_minute,
    )


def waiting_job(one: jobs.StoredJob) -> WaitingJob:
    """A job that is not done."""
    return WaitingJob(
        id=model.show_id(JOB, one.job_id), kind=one.kind, state=one.state, attempts=one.attempts, done=one.done,
        run_at=one.run_at.isoformat(), last_error=one.last_error,
    )  # fmt: skip


def rejected(one: events.KeptSample) -> Rejected:
    """A rejected item; bytes that are no text are shown as U+FFFD."""
    return Rejected(
        at=iso(one.rejected_us), code=one.code, message=one.message, body=one.body.decode(errors="replace")
    )


def issued(
    new: NewCredential, workspace_name: str, shown: Callable[[NewCredential], dict[str, str]]
) -> dict[str, str]:
    """A credential with its secret, under the names that its caller knows."""
    one = new.credential
    told = {
        "credential_id": model.show_id(CREDENTIAL, one.credential_id),
        "workspace": workspace_name,
        "dialect": one.dialect,
    }
    if one.role is not None:
        told["role"] = one.role
    return told | shown(new)


def with_events(profile: FoundProfile, found: Sequence[StoredEvent]) -> dict[str, Any]:
    """A profile and its newest events."""
    return structs.asdict(profile) | {"events": list(found)}


def event_page(found: Sequence[StoredEvent], limit: int) -> EventPage:
    """A page of `limit` from one more than that."""
    shown = list(found[:limit])
    return EventPage(events=shown, next=shown[-1].id if len(found) > limit else None)


def receipt(one: Erasure, journal_keep_days: int) -> Receipt:
    """An erasure's receipt. The journal goes by whole days, so a day later than it is kept."""
    erased_at = datetime.fromtimestamp(one.erased_us / 1_000_000, UTC)
    return Receipt(
        id=model.show_id(ERASURE, one.erasure_id),
        profile_id=model.show_id(PROFILE, one.profile_id),
        erased_at=erased_at.isoformat(),
        actor=one.actor,
        complete=one.complete,
        awaited=sorted(set(one.awaited) - one.lines.keys()),
        lines=one.lines,
        journal_until=(erased_at + timedelta(days=journal_keep_days + 1)).isoformat(),
    )


def quarantined(item: QuarantinedItem) -> Quarantined:
    """An item in quarantine, closed."""
    return Quarantined(**_about(item))


def opened(item: QuarantinedItem, inbound: Inbound | None) -> OpenedQuarantined:
    """An item in quarantine with what it says."""
    return OpenedQuarantined(**_about(item), item=None if inbound is None else _told(inbound))


def quarantine_page(found: Sequence[QuarantinedItem], limit: int) -> QuarantinePage:
    """A page of `limit` from one more than that."""
    shown = [quarantined(item) for item in found[:limit]]
    return QuarantinePage(quarantined=shown, next=shown[-1].id if len(found) > limit else None)


def ledger(lines: list[LedgerLine], mismatches: Sequence[events.Mismatch], *, verified: bool) -> Ledger:
    """The ledger of a period."""
    return Ledger(
        lines=[Minute(minute=iso(line.minute_us), **_counts(line)) for line in lines],
        total=Counts(**_counts(events.total(lines))),
        mismatches=[
            Mismatch(minute=iso(one.minute_us), term=one.term, ledger=one.ledger, counted=one.counted)
            for one in mismatches
        ],
        verified=verified,
    )


def iso(time_us: int) -> str:
    """Microseconds since 1970 as people and programs read them."""
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).isoformat()


def _about(item: QuarantinedItem) -> dict[str, Any]:
    return {
        "id": model.show_id(QUARANTINED, item.quarantine_id),
        "dialect": model.Source(item.source).dialect,
        "reason": item.reason,
        "detail": item.detail,
        "items": item.items,
        "attempts": item.attempts,
        "accepted_at": iso(item.accepted_us),
        "quarantined_at": None if item.quarantined_at is None else item.quarantined_at.isoformat(),
    }


def _told(inbound: Inbound) -> dict[str, Any]:
    """What a caller told us, by our names; an event has a name and a time."""
    told: dict[str, Any] = {}
    if isinstance(inbound, Event):
        told = {
            "name": inbound.name,
            "occurred_at_us": inbound.occurred_at_us,  # as it is: a time out of range may be why it stands here
            "properties": inbound.properties,
            "context": inbound.context,
        }
    identities = [
        {"kind": one.kind.name.lower(), "namespace": one.namespace, "value": one.value}
        for one in inbound.identities
    ]
    reaches = [{"channel": reach.channel, "value": reach.value} for reach in inbound.reaches]
    return told | {"identities": identities, "addresses": reaches, "traits": inbound.traits}


def _counts(line: LedgerLine) -> dict[str, int]:
    counts = structs.asdict(line)
    del counts["minute_us"], counts["acknowledged"]  # a witness of --verify's, not an outcome
    return counts
