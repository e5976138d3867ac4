"""Events that the vendor itself makes of contacts: in the transaction that writes them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from clarion import events, profiles
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik.contacts import mapping, reading, wire
from clarion.dialects.esputnik.contacts.mapping import Told
from clarion.dialects.esputnik.contacts.people import number_of_member, write
from clarion.dialects.esputnik.contacts.writing import Writer
from clarion.model import Event, Source

_NEW, _KNOWN = "subscribeFromApi", "subscribeUpdateFromApi"


async def subscribe(asked: Asked) -> wire.Subscribed:
    """Create or change the contact of somebody who filled in a form, put them into groups, and tell of it."""
    wish: wire.Subscription = asked.body
    told = mapping.told(wish.contact)
    whom = mapping.whom(told, wish.dedupe_on, asked.credential.namespace)

    async def work(writer: Writer) -> int:
        member, fresh = await writer.upsert(told, whom)
        if wish.groups:
            groups = await profiles.lists_named(writer.tx, writer.workspace_id, wish.groups, ids=writer.ids)
            await profiles.attach(
                writer.tx, writer.workspace_id, list(set(groups.values())), [member],
                ids=writer.ids, now_us=writer.now_us,
            )  # fmt: skip
        name = _NEW if fresh else _KNOWN
        name = f"{name}-{wish.form_type}" if wish.form_type else name
        await _tell(writer, name, [(member, told)])
        return await number_of_member(writer.tx, writer.workspace_id, member)

    number = await write(asked, work)
    await asked.store.database.notify(events.WORK)
    return wire.Subscribed(number)


async def contacts_made(writer: Writer, event_key: str, fresh: Sequence[tuple[UUID, Told]]) -> None:
    """An event of each new contact."""
    await _tell(writer, event_key, fresh)


async def _tell(writer: Writer, name: str, about: Sequence[tuple[UUID, Told]]) -> None:
    members = [member for member, _ in about]
    leads = await profiles.leads_of(writer.tx, writer.workspace_id, members, vault=writer.vault)
    roots = await profiles.roots_of(writer.tx, writer.workspace_id, members)
    numbers = await reading.numbers_of(writer.tx, writer.workspace_id, list(set(roots.values())))
    told = [
        Event(
            name=name,
            occurred_at_us=writer.now_us,
            identities=(leads[member],),
            properties=_params(numbers[roots[member]], contact),
        )
        for member, contact in about
        if member in leads
    ]
    await events.tell(
        writer.tx, writer.workspace_id, Source.ESPUTNIK, told,
        vault=writer.vault, ids=writer.ids, item_ids=writer.ids.many(len(told)),
    )  # fmt: skip


def _params(number: int, contact: Told) -> dict[str, Any]:
    """By the names under which the vendor passes them."""
    told: dict[str, Any] = {"contactId": str(number)}
    if contact.emails:
        told["EmailAddress"] = contact.emails[0]
    if contact.phones:
        told["SMS"] = contact.phones[0]
    return told
