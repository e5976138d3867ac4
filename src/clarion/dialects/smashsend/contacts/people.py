"""Contacts."""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from clarion import accounts, errors, events, jobs, model, profiles
from clarion.db import Tx
from clarion.dialects import _http
from clarion.dialects._asked import Asked
from clarion.dialects.smashsend.contacts import mapping, wire
from clarion.dialects.smashsend.contacts.mapping import Told
from clarion.dialects.smashsend.wire import Malformed
from clarion.model import Identity, IdentityKind
from clarion.model.email import canonical_email
from clarion.profiles import Having, Person, Update
from clarion.vault import Vault

_NOBODY = "Contact not found"
_TAKEN = "Another contact has this email"


async def upsert(asked: Asked) -> wire.WrittenContact:
    """Create a contact, or update the one that has the e-mail."""
    told = mapping.told(asked.body.properties)
    told.change()
    vault = await asked.vault()

    person, fresh = await asked.transact(lambda tx: _write(tx, asked, told, vault))
    return wire.WrittenContact(_shown(asked, person), "CREATED" if fresh else "UPDATED")


async def upsert_batch(asked: Asked) -> wire.BatchDone:
    """Create or update up to 200 contacts, all or (allowPartialSuccess) those that can be, in one transaction."""
    started = time.monotonic()
    good: dict[int, Told] = {}
    problems: list[wire.ContactProblem] = []
    for index, one in enumerate(asked.body.contacts):
        try:
            told = mapping.told(one.properties)
            told.change()
            good[index] = told
        except Malformed as exc:
            if not asked.query.allow_partial_success:
                raise Malformed(f'"contacts[{index}]": {exc}') from exc
            problems.append(wire.ContactProblem(index, str(exc)))
    vault = await asked.vault()

    async def work(tx: Tx) -> dict[int, tuple[Person, bool]]:
        # In the order of the e-mails, as other batches take them; of one that is there twice the later is last.
        ordered = sorted(good.items(), key=lambda item: (item[1].email or "", item[0]))
        return {index: await _write(tx, asked, told, vault) for index, told in ordered}

    done = await asked.transact(work) if good else {}
    created = sum(fresh for _, fresh in done.values())
    failed = [
        wire.FailedContact(problem.index, asked.body.contacts[problem.index].properties)
        for problem in problems
        if asked.query.include_failed_contacts
    ]
    return wire.BatchDone(
        request_id=_http.new_request_id(),
        contacts=[_shown(asked, done[index][0]) for index in sorted(done)],
        summary=wire.Summary(
            created=created,
            updated=len(done) - created,
            failed=len(problems),
            total=len(asked.body.contacts),
            processing_time=round((time.monotonic() - started) * 1_000),
        ),
        errors=problems,
        failed_contacts=failed,
    )


async def list_all(asked: Asked) -> wire.Contacts:
    """List contacts in the order in which they were made."""
    wish: wire.Listing = asked.query
    after = None if wish.cursor is None else model.parse_id(mapping.CONTACT, wish.cursor)
    if wish.cursor is not None and after is None:
        raise Malformed('"cursor" is not one of ours')
    having = Having(mapping.STATUS, wish.status, unset=mapping.SUBSCRIBED) if wish.status else None
    vault = await asked.vault()

    async def work(tx: Tx) -> tuple[list[Person], int | None]:
        if wish.search is not None:
            found = await _find(tx, asked, wish.search, vault)
            listed = [found] if found and _has(found, wish.status) else []
            return listed, len(listed) if wish.include_count else None
        page = await profiles.list_profiles(
            tx, asked.workspace_id, vault=vault, after=after, limit=wish.limit + 1,
            newest_first=wish.sort == "createdAt.desc", having=having,
        )  # fmt: skip
        count = await profiles.count_profiles(tx, asked.workspace_id, having) if wish.include_count else None
        return page, count

    people, count = await asked.transact(work)
    shown = [_shown(asked, person) for person in people[: wish.limit]]
    more = len(people) > wish.limit
    return wire.Contacts(wire.ContactPage(shown, shown[-1].id if more else None, more, count))


async def search(asked: Asked) -> wire.FoundContact:
    """The contact with an e-mail, or null."""
    vault = await asked.vault()
    found = await asked.transact(lambda tx: _find(tx, asked, asked.query.email, vault))
    return wire.FoundContact(_shown(asked, found) if found else None)


async def show(asked: Asked) -> wire.OneContact:
    """One contact by its id."""
    vault = await asked.vault()
    contact_id = _contact_id(asked)
    return wire.OneContact(
        _shown(asked, await asked.transact(lambda tx: _read(tx, asked, contact_id, vault)))
    )


async def update(asked: Asked) -> wire.OneContact:
    """Change a contact; another e-mail takes the place of the one it has."""
    contact_id = _contact_id(asked)
    told = mapping.told(asked.body.properties)
    vault = await asked.vault()

    async def work(tx: Tx) -> Person:
        wish = Update(traits=told.traits, reaches=told.reaches, email=told.email)
        try:
            member = await events.update_person(
                tx, asked.workspace_id, contact_id, wish, vault=vault, ids=asked.store.ids
            )
        except errors.NotFound as exc:
            raise errors.NotFound(_NOBODY) from exc
        except errors.AlreadyThere as exc:
            raise errors.AlreadyThere(_TAKEN) from exc
        return await _read(tx, asked, member, vault)

    return wire.OneContact(_shown(asked, await asked.transact(work)))


async def delete(asked: Asked) -> wire.DeletedContact:
    """Delete a contact for good: who the person is, and all but counts of what they did."""
    contact_id = _contact_id(asked)
    vault = await asked.vault()
    return await _erase(asked, lambda tx: _read(tx, asked, contact_id, vault))


async def delete_by_email(asked: Asked) -> wire.DeletedContact:
    """Delete the contact that has an e-mail, as by its id."""
    vault = await asked.vault()

    async def find(tx: Tx) -> Person:
        found = await _find(tx, asked, asked.places["email"], vault)
        if found is None:
            raise errors.NotFound(_NOBODY)
        return found

    return await _erase(asked, find)


async def _erase(asked: Asked, find: Callable[[Tx], Awaitable[Person]]) -> wire.DeletedContact:
    """Who was there a moment ago; the copies of what they did go in jobs."""
    vault = await asked.vault()
    actor = model.show_id("crd", asked.credential.credential_id)

    async def work(tx: Tx) -> Person:
        person = await find(tx)
        await events.erase_person(
            tx, asked.workspace_id, person.profile_id, actor=actor, vault=vault, ids=asked.store.ids
        )
        await accounts.audit(
            tx, asked.workspace_id, ids=asked.store.ids, actor=actor, action="profile_erased",
            profile_id=model.show_id("prf", person.profile_id),
        )  # fmt: skip
        return person

    try:
        gone = await asked.transact(work, owner=True)
    except errors.NotFound as exc:  # also of whom somebody else erased a moment before
        raise errors.NotFound(_NOBODY) from exc
    await asked.store.database.notify(jobs.WORK)
    return wire.DeletedContact(is_deleted=True, deleted=True, contact=_shown(asked, gone))


async def _write(tx: Tx, asked: Asked, told: Told, vault: Vault) -> tuple[Person, bool]:
    """The contact as it is now, and whether it is new."""
    change = told.change()
    written = await events.write_person(tx, asked.workspace_id, change, vault=vault, ids=asked.store.ids)
    return await _read(tx, asked, written.member, vault), written.made


async def _find(tx: Tx, asked: Asked, email: str, vault: Vault) -> Person | None:
    canonical = canonical_email(email)
    if canonical is None:
        return None
    identity = Identity(IdentityKind.EMAIL, "", canonical)
    return await profiles.find_person(tx, asked.workspace_id, identity, vault=vault)


async def _read(tx: Tx, asked: Asked, contact_id: UUID, vault: Vault) -> Person:
    found = await profiles.read_person(tx, asked.workspace_id, contact_id, vault=vault)
    if found is None:
        raise errors.NotFound(_NOBODY)
    return found


def _has(person: Person, status: str | None) -> bool:
    return status is None or person.traits.get(mapping.STATUS, mapping.SUBSCRIBED) == status


def _contact_id(asked: Asked) -> UUID:
    return asked.place("contactId", mapping.CONTACT, "Contact")


def _shown(asked: Asked, person: Person) -> wire.Contact:
    return mapping.contact(person, asked.workspace_id)
