"""Templates for e-mails, which the vendor calls transactionals."""

from uuid import UUID

from clarion import errors, messaging, model
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.smashsend.emails import mapping, wire
from clarion.dialects.smashsend.wire import Malformed
from clarion.messaging import Email, StoredTemplate, rendering

_NOTHING = "Template not found"


async def list_all(asked: Asked) -> wire.Templates:
    """The templates for e-mails, in the order in which they were made."""
    wish: wire.TemplateListing = asked.query
    start = None if wish.cursor is None else model.parse_id(mapping.TEMPLATE, wish.cursor)
    if wish.cursor is not None and start is None:
        raise Malformed('"cursor" is not one of ours')

    async def work(tx: Tx) -> tuple[list[wire.Template], StoredTemplate | None]:
        found = [
            one for one in await messaging.list_templates(tx, asked.workspace_id) if one.channel == "email"
        ]
        newest_first = wish.sort == "createdAt.desc"
        found.sort(key=lambda one: one.template_id, reverse=newest_first)
        if wish.status not in (None, "ACTIVE"):
            found = []
        if start is not None:
            found = [
                one
                for one in found
                if (one.template_id <= start if newest_first else one.template_id >= start)
            ]
        page, rest = found[: wish.limit], found[wish.limit :]
        return await _shown(tx, asked, page), rest[0] if rest else None

    items, following = await asked.transact(work)
    cursor = None if following is None else model.show_id(mapping.TEMPLATE, following.template_id)
    return wire.Templates(wire.TemplatePage(items, cursor, following is not None))


async def show(asked: Asked) -> wire.OneTemplate:
    """One template for e-mails, by its id or name."""

    async def work(tx: Tx) -> wire.Template:
        found = await _find(tx, asked, asked.places["transactionalId"])
        (shown,) = await _shown(tx, asked, [found])
        return shown

    return wire.OneTemplate(await asked.transact(work))


async def find(tx: Tx, asked: Asked, called: str) -> UUID:
    """A template for e-mails by its name or id. Raises NotFound."""
    return (await _find(tx, asked, called)).template_id


async def _find(tx: Tx, asked: Asked, called: str) -> StoredTemplate:
    by_id = model.parse_id(mapping.TEMPLATE, called)
    try:
        found = await messaging.find_template(tx, asked.workspace_id, by_id or called)
    except errors.NotFound as exc:
        raise errors.NotFound(_NOTHING) from exc
    if found.channel != "email":
        raise errors.NotFound(_NOTHING)
    return found


async def _shown(tx: Tx, asked: Asked, page: list[StoredTemplate]) -> list[wire.Template]:
    texts = await messaging.read_newest_texts(tx, asked.workspace_id, page)
    contents = [rendering.in_language(texts[one.template_id], None) for one in page]
    return [
        mapping.template(one, content)
        for one, content in zip(page, contents, strict=True)
        if isinstance(content, Email)
    ]
