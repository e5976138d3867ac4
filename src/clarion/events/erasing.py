"""Erasing a person: at once who they are; in a job what they did, and the copies of it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import structs

from clarion import jobs, metrics, profiles
from clarion.accounts import Vaults
from clarion.db import Tx
from clarion.events import store, timeline
from clarion.events.journal import Unreadable, unpack_item
from clarion.events.ledger import LedgerLine
from clarion.events.process import lead_of
from clarion.jobs import Handler, Job
from clarion.model import Ids
from clarion.profiles import Erased, Erasure
from clarion.vault import Vault

ROOM = "events"
EVENTS_A_JOB = 10_000
_EVENTS_AT_ONCE = 1_000
_QUARANTINED_AT_ONCE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = (UUID(int=0), datetime.min.replace(tzinfo=UTC), UUID(int=0))


async def erase_person(
    tx: Tx, workspace_id: UUID, profile_id: UUID, *, actor: str, vault: Vault, ids: Ids
) -> Erasure:
    """Erase a person; the receipt's other lines come by jobs. As the workers' role. Raises NotFound.

    The receipt is complete with this room's line: the rooms above add theirs in its job's transactions, never later.

    Waits for what is being processed, and has every worker forget whom it knows.
    """
    now_us = await store.close_lanes(tx, workspace_id)
    return await profiles.erase(
        tx, workspace_id, profile_id, awaited=[ROOM], actor=actor, now_us=now_us, vault=vault, ids=ids
    )


def eraser(vaults: Vaults, ids: Ids) -> Handler:
    """Hears of `profiles.ERASED`: makes events and the catalogue's examples anonymous, deletes copies of bodies."""

    async def erase(tx: Tx, job: Job) -> None:
        fact = profiles.unpack_erased(job.payload)
        receipt = await profiles.lock_erasure(tx, job.workspace_id, fact.erasure_id)
        if ROOM in receipt.lines:
            return
        rest = await _anonymise(tx, job.workspace_id, fact)
        if rest.after is not None:
            await jobs.publish(tx, job.workspace_id, profiles.ERASED, profiles.pack_erased(rest), ids=ids)
            return
        line = {
            "events made anonymous": rest.done,
            "quarantined": await _erase_quarantined(tx, job.workspace_id, await vaults.of(job.workspace_id)),
            "rejected samples": await store.erase_samples(tx, job.workspace_id, fact.erased_us),
        }
        await profiles.add_line(tx, job.workspace_id, fact.erasure_id, ROOM, line)

    return erase


async def _anonymise(tx: Tx, workspace_id: UUID, fact: Erased) -> Erased:
    """Some of the person's events; `after` says where to go on, None at the end."""
    after, done = _START if fact.after is None else _place(*fact.after), fact.done
    for _ in range(EVENTS_A_JOB // _EVENTS_AT_ONCE):
        rows = await store.list_to_anonymise(tx, workspace_id, fact.member_ids, after, _EVENTS_AT_ONCE)
        if not rows:
            return structs.replace(fact, after=None, done=done)
        await metrics.forget_examples(tx, workspace_id, [row["metric_id"] for row in rows])
        kept = [timeline.anonymous(msgspec.json.decode(row["properties"])) for row in rows]
        await store.anonymise_events(
            tx, workspace_id, rows, [msgspec.json.encode(one).decode() for one in kept]
        )
        done += len(rows)
        after = (rows[-1]["profile_id"], rows[-1]["occurred_at"], rows[-1]["event_id"])
    return structs.replace(fact, after=(after[0], rows[-1]["occurred_us"], after[2]), done=done)


def _place(profile_id: UUID, occurred_us: int, event_id: UUID) -> tuple[UUID, datetime, UUID]:
    return profile_id, _EPOCH + timedelta(microseconds=occurred_us), event_id


async def _erase_quarantined(tx: Tx, workspace_id: UUID, vault: Vault) -> int:
    """Items in quarantine whose person is erased. A whole block cannot be read; its retry meets the tombstones."""
    before, erased = store.LAST_ID, 0
    while items := await store.list_quarantine(tx, workspace_id, limit=_QUARANTINED_AT_ONCE, before=before):
        before = items[-1].quarantine_id
        leads = {}
        for item in items:
            if item.ordinal is not None:
                try:
                    inbound = unpack_item(vault, item.quarantine_id, item.payload)
                except Unreadable:
                    continue
                leads[item.quarantine_id] = lead_of(vault, inbound)
        tenures = await profiles.find_tenures(tx, workspace_id, set(leads.values()))
        for item in items:
            lead = leads.get(item.quarantine_id)
            if lead is not None and tenures.are_of_the_erased(lead, item.accepted_us):
                erased += await _erase_item(tx, workspace_id, item.quarantine_id)
    return erased


async def _erase_item(tx: Tx, workspace_id: UUID, quarantine_id: UUID) -> int:
    """Unless somebody else took it out of quarantine meanwhile."""
    item = await store.take_quarantined(tx, workspace_id, quarantine_id)
    if item is None:
        return 0
    line = LedgerLine(minute_us=item.minute_us, quarantined=-item.items, stored=item.items, erased=item.items)
    await store.add_to_ledger(tx, workspace_id, [line])
    return item.items
