"""Templates: what messages are written from."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, errors, messaging, model
from clarion.api import message_views as views
from clarion.api.nouns._fields import Label, Text
from clarion.api.ports import Call, Nothing
from clarion.db import Tx
from clarion.messaging import Channel, Content, Email, MessageClass, TemplateWish, rendering
from clarion.messaging import Text as ShortText
from clarion.messaging.rendering import Unwritable

_Source = Annotated[str, Meta(max_length=1_000_000, pattern="^[^\\u0000]*$")]


class Save(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template's text in one language; another version of it where there is one of this name.

    `language` "": for whoever has no text in theirs. E-mail: `subject`, `html`, `preheader`, `text` (made of the HTML
    where it is left out). SMS and Viber: `text`.
    """

    name: Text
    channel: Channel = "email"
    language: Annotated[str, Meta(max_length=35, pattern="^[A-Za-z0-9_-]*$")] = ""
    subject: _Source = ""
    preheader: _Source = ""
    html: _Source = ""
    text: _Source | None = None
    message_class: MessageClass = MessageClass.MARKETING
    topic: Label | None = None
    retry_unknown: bool = False


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template by its id, its number or its name."""

    template_id: Text


async def list_all(call: Call, wish: Nothing) -> list[views.Template]:
    """Templates, by name."""
    async with call.app() as tx:
        return [views.template(one) for one in await messaging.list_templates(tx, call.workspace_id)]


async def show(call: Call, wish: One) -> views.Template:
    """A template with its texts."""
    async with call.app() as tx:
        found = await messaging.find_template(tx, call.workspace_id, _called(wish.template_id))
        texts = await messaging.read_texts(tx, call.workspace_id, found.template_id, found.version)
    return views.template(found, texts)


async def save(call: Call, wish: Save) -> views.Template:
    """A new template, or the next version; texts in other languages stay."""
    content = _content(wish)
    try:
        rendering.check({wish.language: content})
    except Unwritable as exc:
        raise errors.Invalid(str(exc)) from exc
    async with call.app() as tx:
        texts = await _texts(tx, call.workspace_id, wish.name) | {wish.language: content}
        saved = await messaging.save_template(
            tx, call.workspace_id,
            TemplateWish(
                name=wish.name, channel=wish.channel, texts=texts, message_class=wish.message_class,
                topic=wish.topic, retry_unknown=wish.retry_unknown,
            ),
            ids=call.ports.ids,
        )  # fmt: skip
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="template saved",
            template=model.show_id(views.TEMPLATE, saved.template_id), version=saved.version,
        )  # fmt: skip
    return views.template(saved, texts)


async def _texts(tx: Tx, workspace_id: UUID, name: str) -> dict[str, Content]:
    try:
        found = await messaging.find_template(tx, workspace_id, name)
    except errors.NotFound:
        return {}
    return await messaging.read_texts(tx, workspace_id, found.template_id, found.version)


def _content(wish: Save) -> Content:
    if wish.channel == "email":
        if not wish.subject or not (wish.html or wish.text):
            raise errors.Invalid("an e-mail has a `subject`, and `html` or `text`")
        return Email(subject=wish.subject, html=wish.html, preheader=wish.preheader, text=wish.text)
    if wish.channel in ("sms", "viber"):
        if not wish.text or wish.subject or wish.html or wish.preheader:
            raise errors.Invalid(f"{wish.channel} has a `text` and nothing else")
        return ShortText(text=wish.text)
    raise errors.Invalid("templates are for email, sms and viber")


def _called(text: str) -> UUID | int | str:
    """An id, a number, or else a name."""
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    return model.parse_id(views.TEMPLATE, text) or text
