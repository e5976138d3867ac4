"""Contacts, one at a time: written, shown, looked for, deleted."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from clarion import accounts, events, jobs, model, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import lookup, reply
from clarion.dialects.esputnik.contacts import mapping, reading, wire
from clarion.dialects.esputnik.contacts.writing import Writer, field_names
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import Reach
from clarion.model.email import canonical_email
from clarion.profiles import FoundProfile, Having
from clarion.vault import Vault

_FOUND_MAX = 1_000
_EMAILS_MAX = 1_000
_UPDATED = "Contact with id='{}' has been updated"  # clients compare these letter by letter
_DELETED = "Contact with id='{}' has been deleted"
_PRESENT = Having(mapping.DELETED, "false", unset="false")

T = TypeVar("T")


async def upsert(asked: Asked) -> wire.Written:
    """Create a contact, or change the one that is found by id, externalCustomerId, e-mail or phone."""
    contact: wire.Contact = asked.body
    told = mapping.told(contact)
    whom = None if told.number else mapping.whom(told, None, asked.credential.namespace)

    async def work(writer: Writer) -> int:
        if whom is None:
            profile_id = await writer.by_number(told.number or 0)
            await writer.update(profile_id, told)
        else:
            profile_id, _ = await writer.upsert(told, whom)
        return await number_of_member(writer.tx, asked.workspace_id, profile_id)

    return wire.Written(str(await write(asked, work, by_id=whom is None)))


async def update(asked: Asked) -> str:
    """Change a contact by its id; another e-mail takes the place of the one it has."""
    number = contact_number(asked)
    told = mapping.told(asked.body)

    async def work(writer: Writer) -> None:
        await writer.update(await writer.by_number(number), told)

    await write(asked, work, by_id=True)
    return _UPDATED.format(number)


async def show(asked: Asked) -> wire.ShownContact:
    """One contact by its id."""
    number = contact_number(asked)
    vault = await asked.vault()

    async def work(tx: Tx) -> wire.ShownContact:
        return (await reading.show(tx, asked, [await reading.person(tx, asked, number, vault)]))[0]

    return await asked.transact(work)


async def search(asked: Asked) -> reply.Listed:
    """Contacts by e-mail, phone, first and last name, or all in the order in which they were made."""
    wish: wire.Search = asked.query
    vault = await asked.vault()

    async def work(tx: Tx) -> reply.Listed:
        looked_for = await _looked_for(tx, asked, wish, vault)
        if looked_for is None:
            roots = await profiles.page_profiles(
                tx, asked.workspace_id, unless=mapping.DELETED, offset=wish.startindex - 1, limit=wish.maxrows
            )
            total = await profiles.count_profiles(tx, asked.workspace_id, _PRESENT)
            people = await _read(tx, asked, roots, vault)
        else:
            found = await _read(tx, asked, looked_for, vault)
            total, people = len(found), found[wish.startindex - 1 :][: wish.maxrows]
        return reply.Listed(await reading.show(tx, asked, people), total)

    return await asked.transact(work)


async def emails(asked: Asked) -> wire.ContactEmails:
    """The e-mail addresses of contacts by their ids; who has none, or is nobody, is left out."""
    numbers = [mapping.number(one) for one in asked.query.ids.split(",") if one.strip()][:_EMAILS_MAX]
    vault = await asked.vault()

    async def work(tx: Tx) -> list[wire.ContactEmail]:
        ids = await accounts.ids_of_numbers(tx, asked.workspace_id, profiles.PROFILE, numbers)
        found = []
        for number in numbers:
            read = await _read(tx, asked, [ids[number]], vault) if number in ids else []
            reached = [
                one["value"] for person in read for one in person.addresses if one["channel"] == "email"
            ]
            found += [wire.ContactEmail(number, email) for email in reached[:1]]
        return found

    return wire.ContactEmails(await asked.transact(work))


async def delete(asked: Asked) -> str:
    """Delete a contact by its id: it can be brought back; with `erase` it is gone for good."""
    number = contact_number(asked)
    vault = await asked.vault()
    await _delete(asked, asked.query.erase, lambda tx: reading.person(tx, asked, number, vault))
    return _DELETED.format(number)


async def delete_by_external_id(asked: Asked) -> str:
    """The same by the shop's id."""
    wish: wire.Removal = asked.query
    vault = await asked.vault()

    async def find(tx: Tx) -> FoundProfile:
        return await reading.by_external_id(tx, asked, wish.external_customer_id, vault)

    number = await _delete(asked, wish.erase, find)
    return _DELETED.format(number)


async def _delete(asked: Asked, erase: bool, find: Callable[[Tx], Awaitable[FoundProfile]]) -> int:
    """The contact id of whom it was."""
    vault = await asked.vault()
    actor = model.show_id("crd", asked.credential.credential_id)

    async def work(tx: Tx) -> int:
        person = await find(tx)
        root = reading.root_of(person)
        number = await reading.number_of(tx, asked.workspace_id, root)
        if not erase:
            mark = profiles.Update(traits={mapping.DELETED: True})
            await events.update_person(tx, asked.workspace_id, root, mark, vault=vault, ids=asked.store.ids)
            return number
        await events.erase_person(tx, asked.workspace_id, root, actor=actor, vault=vault, ids=asked.store.ids)
        await accounts.audit(
            tx, asked.workspace_id, ids=asked.store.ids, actor=actor, action="profile_erased",
            profile_id=person.id,
        )  # fmt: skip
        return number

    number = await asked.transact(work, owner=erase)
    if erase:
        await asked.store.database.notify(jobs.WORK)
    return number


async def write(asked: Asked, work: Callable[[Writer], Awaitable[T]], *, by_id: bool = False) -> T:
    """`work` with a writer, in one transaction. `by_id`: it begins with an update, which holds what it needs itself."""
    vault = await asked.vault()

    async def with_writer(tx: Tx) -> T:
        writer = Writer(
            tx=tx, workspace_id=asked.workspace_id, namespace=asked.credential.namespace, vault=vault,
            ids=asked.store.ids, now_us=0 if by_id else await events.begin_write(tx, asked.workspace_id),
            names=await field_names(tx, asked.workspace_id),
        )  # fmt: skip
        return await work(writer)

    return await asked.transact(with_writer)


async def number_of_member(tx: Tx, workspace_id: UUID, member: UUID) -> int:
    """The contact id of a member's person."""
    roots = await profiles.roots_of(tx, workspace_id, [member])
    return await reading.number_of(tx, workspace_id, roots[member])


def contact_number(asked: Asked) -> int:
    """The id in the path. Raises NotFound."""
    return lookup.number(asked.places["contactId"], "Contact")


async def _looked_for(tx: Tx, asked: Asked, wish: wire.Search, vault: Vault) -> list[UUID] | None:
    """Who has all that is asked for; None where nothing is."""
    found = [
        await profiles.find_by_address(tx, asked.workspace_id, reach, vault=vault, limit=_FOUND_MAX)
        for reach in _reaches(wish)
    ]
    if wish.firstname or wish.lastname:
        found.append(
            await profiles.find_by_name(
                tx,
                asked.workspace_id,
                first=wish.firstname,
                last=wish.lastname,
                vault=vault,
                limit=_FOUND_MAX,
            )
        )
    if not found:
        return None
    return [root for root in found[0] if all(root in others for others in found[1:])]


def _reaches(wish: wire.Search) -> list[Reach]:
    """Raises Malformed for what is no address."""
    reaches = []
    if wish.email:
        email = canonical_email(wish.email)
        if email is None:
            raise Malformed(f"'{wish.email[:100]}' is not valid email")
        reaches.append(Reach("email", email))
    if wish.sms:
        reaches.append(Reach("sms", wish.sms))
    return reaches


async def _read(tx: Tx, asked: Asked, roots: list[UUID], vault: Vault) -> list[FoundProfile]:
    """Those that are there."""
    found = []
    for root in roots:
        person = await profiles.read_profile(tx, asked.workspace_id, root, vault=vault)
        if person is not None and not reading.is_gone(person):
            found.append(person)
    return found
