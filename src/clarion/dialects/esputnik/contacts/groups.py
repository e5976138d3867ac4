"""Groups: lists kept by hand. Of the vendor's three types ours is Static."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, errors, events, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import lookup, reply
from clarion.dialects.esputnik.contacts import mapping, reading, wire
from clarion.model import Identity, IdentityKind
from clarion.model.email import canonical_email
from clarion.vault import Vault

MEMBERS_MAX = 500  # of a call
_AT_ONCE = 1_000


class Listing(Struct, frozen=True):
    """Which groups; `name`: those whose name has it in it."""

    startindex: Annotated[int, Meta(ge=1, le=10_000_000)] = 1
    maxrows: Annotated[int, Meta(ge=1, le=wire.PAGE_MAX)] = wire.PAGE_MAX
    name: str | None = None


class Page(Struct, frozen=True):
    """Which members."""

    startindex: Annotated[int, Meta(ge=1, le=10_000_000)] = 1
    maxrows: Annotated[int, Meta(ge=1, le=wire.PAGE_MAX)] = wire.PAGE_MAX


_Ids = Annotated[list[wire.Id], Meta(max_length=MEMBERS_MAX)]


class Members(Struct, frozen=True, rename="camel"):
    """Contacts by their ids, the shop's ids, or their e-mails; 500 in all."""

    contact_ids: _Ids = []
    external_customer_ids: _Ids = []
    emails: Annotated[list[str], Meta(max_length=MEMBERS_MAX)] = []


async def list_all(asked: Asked) -> reply.Listed:
    """Groups by name; the header TotalCount says how many there are."""
    wish: Listing = asked.query
    found = await asked.transact(lambda tx: profiles.list_lists(tx, asked.workspace_id))
    named = [one for one in found if (wish.name or "").lower() in one.name.lower()]
    page = named[wish.startindex - 1 :][: wish.maxrows]
    return reply.Listed([wire.ShownGroup(one.number, one.name) for one in page], len(named))


async def members(asked: Asked) -> reply.Listed:
    """The contacts of a group; the header TotalCount says how many there are."""
    wish: Page = asked.query
    vault = await asked.vault()

    async def work(tx: Tx) -> reply.Listed:
        group = await profiles.read_list(tx, asked.workspace_id, await _group(tx, asked))
        rows = await profiles.list_people(
            tx, asked.workspace_id, group.list_id, limit=wish.maxrows, skip=wish.startindex - 1
        )
        people = []
        for _, root in rows:
            person = await profiles.read_profile(tx, asked.workspace_id, root, vault=vault)
            if person is not None and not reading.is_gone(person):
                people.append(person)
        return reply.Listed(await reading.show(tx, asked, people), group.members)

    return await asked.transact(work)


async def attach(asked: Asked) -> None:
    """Put up to 500 contacts into a group; who is nobody is left out."""
    vault = await asked.vault()

    async def work(tx: Tx) -> None:
        now_us = await events.begin_write(tx, asked.workspace_id)
        group, whom = await _group(tx, asked), await _members(tx, asked, vault)
        await profiles.attach(tx, asked.workspace_id, [group], whom, ids=asked.store.ids, now_us=now_us)

    _check(asked.body)
    await asked.transact(work)


async def detach(asked: Asked) -> None:
    """Take up to 500 contacts out of a group; without any ids, all of them."""
    vault = await asked.vault()
    everybody = asked.body == Members()

    async def work(tx: Tx) -> None:
        now_us = await events.begin_write(tx, asked.workspace_id)
        group = await _group(tx, asked)
        whom = await (_some(tx, asked, group) if everybody else _members(tx, asked, vault))
        while whom:
            await profiles.detach(tx, asked.workspace_id, [group], whom, ids=asked.store.ids, now_us=now_us)
            whom = await _some(tx, asked, group, after=whom[-1]) if everybody else ()

    _check(asked.body)
    await asked.transact(work)


def _check(wish: Members) -> None:
    if len(wish.contact_ids) + len(wish.external_customer_ids) + len(wish.emails) > MEMBERS_MAX:
        raise errors.Invalid(f"No more than {MEMBERS_MAX} contacts at once")


async def _group(tx: Tx, asked: Asked) -> UUID:
    number = lookup.number(asked.places["groupId"], "Group")
    found = await accounts.ids_of_numbers(tx, asked.workspace_id, profiles.LIST, [number])
    if number not in found:
        raise errors.NotFound(f"Group with id='{number}' not found")
    return found[number]


async def _some(tx: Tx, asked: Asked, group: UUID, after: UUID | None = None) -> Sequence[UUID]:
    """The next members of a group. Those before them are not looked at again."""
    rows = await profiles.list_people(tx, asked.workspace_id, group, limit=_AT_ONCE, after=after)
    return [member for member, _ in rows]


async def _members(tx: Tx, asked: Asked, vault: Vault) -> Sequence[UUID]:
    """The profiles of those who are somebody."""
    wish: Members = asked.body
    numbers = [mapping.number(one) for one in wish.contact_ids]
    by_number = await accounts.ids_of_numbers(tx, asked.workspace_id, profiles.PROFILE, numbers)
    found = list(by_number.values())
    namespace = asked.credential.namespace
    identities = [
        Identity(IdentityKind.EXTERNAL_ID, namespace, str(one)) for one in wish.external_customer_ids
    ]
    identities += [
        Identity(IdentityKind.EMAIL, "", email) for one in wish.emails if (email := canonical_email(one))
    ]
    for identity in identities:
        person = await profiles.find_person(tx, asked.workspace_id, identity, vault=vault)
        found += [person.profile_id] if person is not None else []
    return found
