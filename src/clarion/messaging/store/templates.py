"""Templates and their versions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from clarion import accounts, errors
from clarion.db import Tx
from clarion.messaging.port import Channel, Content, MessageClass
from clarion.messaging.store._queries import Q
from clarion.model import Ids, time_us_of

TEMPLATE = "template"  #: the kind of small number that a template has outside
_NUMBER_DIGITS_MAX = 9


class StoredTemplate(Struct, frozen=True, kw_only=True):
    """A template with its newest version's number. `number`: its small number outside.

    `sender`, `sender_name` None: the provider's own. `tags`: by what it is looked for, and what its messages carry.
    """

    template_id: UUID
    number: int
    name: str
    channel: Channel
    message_class: MessageClass
    topic: str | None
    retry_unknown: bool
    version: int
    changed_us: int
    sender: str | None = None
    sender_name: str | None = None
    tags: tuple[str, ...] = ()


class TemplateWish(Struct, frozen=True, kw_only=True):
    """A template as somebody wants it. `texts`: language -> content with holes; '' for any other language.

    What is None stays as it is; of a new template it is marketing, without topic, sender and tags, and never sent
    twice. `topic` "": none.
    """

    name: str
    channel: Channel
    texts: Mapping[str, Content]
    message_class: MessageClass | None = None
    topic: str | None = None
    retry_unknown: bool | None = None
    sender: str | None = None
    sender_name: str | None = None
    tags: Sequence[str] | None = None


async def save_template(
    tx: Tx, workspace_id: UUID, wish: TemplateWish, *, ids: Ids, others_stay: bool = False
) -> StoredTemplate:
    """A new template, or the next version of the one of this name; `others_stay`: with its texts in other languages.

    Raises Invalid where its channel is another, or a new one's name would be a number.
    """
    template_id = ids.next()
    at_us = time_us_of(template_id)
    row = await tx.fetchrow(
        Q.save_template, workspace_id, template_id, wish.name, wish.channel, wish.message_class,
        wish.topic, wish.retry_unknown, at_us, wish.sender, wish.sender_name, wish.tags,
    )  # fmt: skip
    if row is None:
        raise errors.Invalid(
            f"there is a template {wish.name} of another channel; give this one another name"
        )
    if row["version"] == 1:  # who has such a name from before keeps it
        _check_name(wish.name)
    # The row is ours by now: nobody makes a version between the one that is read here and this one.
    before = row["version"] - 1 if others_stay else 0
    held = await read_texts(tx, workspace_id, row["template_id"], before) if before else {}
    texts = msgspec.json.encode({**held, **wish.texts}).decode()
    await tx.execute(
        Q.insert_template_version, workspace_id, row["template_id"], row["version"], texts, at_us
    )
    (found,) = (await find_templates(tx, workspace_id, [row["template_id"]])).values()
    return found


async def rename_template(tx: Tx, workspace_id: UUID, template_id: UUID, name: str) -> None:
    """Its versions and its number stay. Raises AlreadyThere, Invalid."""
    _check_name(name)
    try:
        async with tx.transaction():
            await tx.execute(Q.rename_template, workspace_id, template_id, name)
    except asyncpg.UniqueViolationError as exc:
        raise errors.AlreadyThere(f"there is a template {name} already") from exc


async def delete_template(tx: Tx, workspace_id: UUID, template_id: UUID, *, now_us: int) -> None:
    """From now on it is not there; what was planned is still written. Raises NotFound."""
    if await tx.fetchval(Q.delete_template, workspace_id, template_id, now_us) is None:
        raise errors.NotFound("there is no such template in this workspace")


async def waiting_of(tx: Tx, workspace_id: UUID, template_id: UUID) -> UUID | None:
    """A message of it that is still to go out, if there is one."""
    found: UUID | None = await tx.fetchval(Q.find_waiting_of, workspace_id, template_id)
    return found


async def lock_template(tx: Tx, workspace_id: UUID, template_id: UUID) -> None:
    """Nobody else changes it until the commit."""
    await tx.execute(Q.lock_template, workspace_id, template_id)


async def share_templates(tx: Tx, workspace_id: UUID, called: Iterable[str]) -> None:
    """None of those that are called so, by name or small number, is deleted or renamed until the commit."""
    names = sorted(set(called))
    numbers = [number for name in names if (number := number_in(name)) is not None]
    numbered = await accounts.ids_of_numbers(tx, workspace_id, TEMPLATE, numbers)
    await tx.execute(Q.share_templates, workspace_id, names, list(numbered.values()))


async def find_templates(
    tx: Tx, workspace_id: UUID, template_ids: Iterable[UUID]
) -> dict[UUID, StoredTemplate]:
    """Those of these that are there."""
    wanted = list(template_ids)
    rows = await tx.fetch(Q.find_templates, workspace_id, wanted) if wanted else []
    return {one.template_id: one for one in await _numbered(tx, workspace_id, rows)}


async def list_templates(tx: Tx, workspace_id: UUID) -> list[StoredTemplate]:
    """All, by name."""
    return await _numbered(tx, workspace_id, await tx.fetch(Q.list_templates, workspace_id))


async def find_template(tx: Tx, workspace_id: UUID, called: UUID | int | str) -> StoredTemplate:
    """By id, small number or name. Raises NotFound."""
    if isinstance(called, int):
        called = (await accounts.ids_of_numbers(tx, workspace_id, TEMPLATE, [called])).get(
            called, UUID(int=0)
        )
    if isinstance(called, UUID):
        rows = await tx.fetch(Q.find_templates, workspace_id, [called])
    elif "\0" in called:
        rows = []  # PostgreSQL could not even ask
    else:
        rows = await tx.fetch(Q.find_template_named, workspace_id, called)
    found = await _numbered(tx, workspace_id, rows)
    if not found:
        raise errors.NotFound("there is no such template in this workspace")
    return found[0]


async def find_called(tx: Tx, workspace_id: UUID, called: str) -> StoredTemplate:
    """By its name, or else by its small number, as automations call it. Raises NotFound."""
    try:
        return await find_template(tx, workspace_id, called)
    except errors.NotFound:
        number = number_in(called)
        if number is None:
            raise
        return await find_template(tx, workspace_id, number)


def number_in(called: str) -> int | None:
    """The small number that somebody may mean, or None."""
    is_number = called.isascii() and called.isdecimal() and len(called) <= _NUMBER_DIGITS_MAX
    return int(called) if is_number else None


async def read_texts(tx: Tx, workspace_id: UUID, template_id: UUID, version: int) -> dict[str, Content]:
    """What a version says, by language. Raises NotFound."""
    texts = await tx.fetchval(Q.read_template_version, workspace_id, template_id, version)
    if texts is None:
        raise errors.NotFound("there is no such version of this template")
    return msgspec.json.decode(texts, type=dict[str, Content])


async def read_newest_texts(
    tx: Tx, workspace_id: UUID, templates: Iterable[StoredTemplate]
) -> dict[UUID, dict[str, Content]]:
    """What the newest versions of these say, by language."""
    wanted = [(one.template_id, one.version) for one in templates]
    columns = [[template_id for template_id, _ in wanted], [version for _, version in wanted]]
    rows = await tx.fetch(Q.read_template_versions, workspace_id, *columns)
    return {row["template_id"]: msgspec.json.decode(row["texts"], type=dict[str, Content]) for row in rows}


def _check_name(name: str) -> None:
    if name.strip().isdecimal():
        raise errors.Invalid(
            f"{name} would be taken for a template's number; give it a name that has a letter as well"
        )


async def _numbered(tx: Tx, workspace_id: UUID, rows: list[asyncpg.Record]) -> list[StoredTemplate]:
    numbers = await accounts.number_of(tx, workspace_id, TEMPLATE, [row["template_id"] for row in rows])
    return [
        StoredTemplate(
            template_id=row["template_id"],
            number=numbers[row["template_id"]],
            name=row["name"],
            channel=cast(Channel, row["channel"]),
            message_class=MessageClass(row["class"]),
            topic=row["topic"],
            retry_unknown=row["retry_unknown"],
            version=row["version"],
            changed_us=row["changed_us"],
            sender=row["sender"],
            sender_name=row["sender_name"],
            tags=tuple(row["tags"]),
        )
        for row in rows
    ]
