"""Imports of up to 3,000 contacts: what is wrong is told at once, the rest is written by a job, step by step.

The job is the session: its id is the caller's, and how far it is stands in its row.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from clarion import accounts, errors, events, jobs, model, profiles
from clarion.accounts import Vaults
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.contacts import mapping, telling, wire
from clarion.dialects.esputnik.contacts.mapping import Told, Whom
from clarion.dialects.esputnik.contacts.writing import Writer, field_names, is_deleted
from clarion.jobs import Handler, Job
from clarion.model import Ids
from clarion.vault import Vault

IMPORT = "esputnik.import"  #: the kind of these jobs, and of the numbers by which their ids are known
_PURPOSE = b"esputnik import"
STEP = 200  # contacts of a transaction: while it runs an erasure waits, and so do events of these contacts


class Import(Struct, frozen=True, kw_only=True):
    """What a job writes. `whom`: by what each contact is found; None: by its id."""

    contacts: list[Told]
    whom: list[Whom | None]
    namespace: str
    groups: list[str]
    groups_exclude: list[str]
    restore_deleted: bool
    event_key: str | None


async def begin(asked: Asked) -> wire.Imported:
    """Take up to 3,000 contacts to be created or changed; what is wrong with any is told at once."""
    wish: wire.Contacts = asked.body
    groups = _list_names("groupNames", wish.group_names)
    groups_exclude = _list_names("groupNamesExclude", wish.group_names_exclude)
    names = await asked.transact(lambda tx: field_names(tx, asked.workspace_id))
    told: list[Told] = []
    whom: list[Whom | None] = []
    failed: list[wire.FailedContact] = []
    for index, contact in enumerate(wish.contacts):
        try:
            one = mapping.restricted(mapping.told(contact), wish.contact_fields, wish.custom_fields_ids or ())
            mapping.traits(one, names)
            whom.append(_whom(one, wish.dedupe_on, asked.credential.namespace))
            told.append(one)
        except vendor.Malformed as exc:
            failed.append(wire.FailedContact(index, str(exc)))
    collapsed: Any = vendor.collapsed(failed) if failed else msgspec.UNSET
    if not told:
        return wire.Imported(0, failed_contacts=collapsed)
    work = Import(
        contacts=told,
        whom=whom,
        namespace=asked.credential.namespace,
        groups=groups,
        groups_exclude=groups_exclude,
        restore_deleted=wish.restore_deleted,
        event_key=wish.event_key_for_new_contacts or None,
    )
    vault = await asked.vault()
    payload = vault.seal(msgspec.msgpack.encode(work), _PURPOSE)

    async def publish(tx: Tx) -> UUID:
        job_id = await jobs.publish(tx, asked.workspace_id, IMPORT, payload, ids=asked.store.ids)
        await accounts.number_of(tx, asked.workspace_id, IMPORT, [job_id])  # it stays when the job is gone
        return job_id

    session = await asked.transact(publish)
    await asked.store.database.notify(jobs.WORK)
    return wire.Imported(0, str(session), collapsed)


async def status(asked: Asked) -> wire.ImportStatus:
    """How far an import is."""
    shown = asked.places["sessionId"]
    nobodys = errors.NotFound("Import session not found")
    try:
        session = UUID(shown)
    except ValueError as exc:
        raise nobodys from exc

    async def read(tx: Tx) -> str | None:
        if not await accounts.has_number(tx, asked.workspace_id, IMPORT, session):
            raise nobodys
        return await jobs.state_of(tx, asked.workspace_id, session)

    state = await asked.transact(read)
    if state is None:
        return wire.ImportStatus(shown, "FINISHED")
    return wire.ImportStatus(shown, "ERROR" if state == "failed" else "PENDING")


def importer(vaults: Vaults, ids: Ids) -> Handler:
    """Writes the next contacts of an import; all of these, or none and again."""

    async def run(tx: Tx, job: Job) -> int | None:
        vault = await vaults.of(job.workspace_id)
        work = msgspec.msgpack.decode(vault.open(job.payload, _PURPOSE), type=Import)
        step = slice(job.done, job.done + STEP)
        part = structs.replace(work, contacts=work.contacts[step], whom=work.whom[step])
        await _write_all(tx, job, part, vault, ids)
        return step.stop if step.stop < len(work.contacts) else None

    return run


async def _write_all(tx: Tx, job: Job, work: Import, vault: Vault, ids: Ids) -> None:
    workspace_id = job.workspace_id
    writer = Writer(
        tx=tx, workspace_id=workspace_id, namespace=work.namespace, vault=vault, ids=ids,
        now_us=await events.begin_write(tx, workspace_id), names=await field_names(tx, workspace_id), cause="import",
    )  # fmt: skip
    written: list[UUID] = []
    fresh: list[tuple[UUID, Told]] = []
    for told, whom in await _still_there(writer, work, model.time_us_of(job.job_id)):
        found = await _write(writer, told, whom, work.restore_deleted)
        if found is not None:
            written.append(found[0])
            fresh += [(found[0], told)] if found[1] else []
    await _set_groups(writer, work, list(dict.fromkeys(written)))
    if work.event_key and fresh:
        await telling.contacts_made(writer, work.event_key, fresh)


async def _still_there(writer: Writer, work: Import, taken_us: int) -> list[tuple[Told, Whom | None]]:
    """Without those who were erased since the import was taken: it does not bring them back."""
    leads = [
        None if whom is None else profiles.blind_of(writer.vault, profiles.strongest(whom.identities))
        for whom in work.whom
    ]
    tenures = await profiles.find_tenures(writer.tx, writer.workspace_id, filter(None, leads))
    return [
        (told, whom)
        for told, whom, lead in zip(work.contacts, work.whom, leads, strict=True)
        if lead is None or not tenures.are_of_the_erased(lead, taken_us)
    ]


async def _write(
    writer: Writer, told: Told, whom: Whom | None, restore_deleted: bool
) -> tuple[UUID, bool] | None:
    """The profile, and whether it is new; None where it stays as it is: deleted, gone meanwhile, or refused."""
    try:
        if whom is None:
            profile_id = await writer.by_number(told.number or 0)
            held = await profiles.read_person(writer.tx, writer.workspace_id, profile_id, vault=writer.vault)
            if held is None or (is_deleted(held) and not restore_deleted):
                return None
            async with writer.tx.transaction():  # refused halfway, it is not written at all
                return await writer.update(profile_id, told), False
        if not restore_deleted and is_deleted(await writer.find(whom.identities)):
            return None
        return await writer.upsert(told, whom)
    except errors.Declined:
        return None


async def _set_groups(writer: Writer, work: Import, members: Sequence[UUID]) -> None:
    tx, workspace_id = writer.tx, writer.workspace_id
    named = [name for name in work.groups if name.strip()]  # taken before blank ones were refused: no list's
    if named and members:
        groups = await profiles.lists_named(tx, workspace_id, named, ids=writer.ids)
        await profiles.attach(
            tx, workspace_id, list(set(groups.values())), members,
            ids=writer.ids, now_us=writer.now_us, cause=writer.cause,
        )  # fmt: skip
    if work.groups_exclude and members:
        groups = await profiles.find_lists(tx, workspace_id, work.groups_exclude)
        await profiles.detach(
            tx, workspace_id, list(groups.values()), members,
            ids=writer.ids, now_us=writer.now_us, cause=writer.cause,
        )  # fmt: skip


def _list_names(field: str, given: Sequence[str] | None) -> list[str]:
    """As lists are named: without blanks around. Raises Malformed where nothing is left."""
    names = [name.strip() for name in given or ()]
    if not all(names):
        raise vendor.Malformed(f"{field} must not hold an empty name")
    return names


def _whom(told: Told, dedupe_on: str | None, namespace: str) -> Whom | None:
    if dedupe_on == "id" or (dedupe_on is None and told.number):
        if not told.number:
            raise vendor.Malformed("The contact has no id")
        return None
    return mapping.whom(told, dedupe_on, namespace)
