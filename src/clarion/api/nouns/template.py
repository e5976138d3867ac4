"""Templates: what messages are written from."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from msgspec.structs import replace

from clarion import accounts, automations, errors, messaging, model
from clarion.api import message_views as views
from clarion.api.nouns._fields import Label, Text
from clarion.api.ports import Call, Nothing
from clarion.db import Tx
from clarion.messaging import (
    Channel,
    Content,
    Email,
    MessageClass,
    StoredTemplate,
    TemplateWish,
    mjml,
    rendering,
)
from clarion.messaging import Text as ShortText
from clarion.messaging.rendering import Reading, Unwritable

_Source = Annotated[str, Meta(max_length=1_000_000, pattern="^[^\\u0000]*$")]


class Save(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template's text in one language; another version of it where there is one of this name.

    `language` "": for whoever has no text in theirs. E-mail: `subject`, `html`, `preheader`, `text` (made of the HTML
    where it is left out); `mjml` in place of `html`. SMS and Viber: `text`. `message_class`, `topic` ("": none) and
    `retry_unknown` stay as they are where they are left out; a new template is marketing.
    """

    name: Text
    channel: Channel = "email"
    language: Annotated[str, Meta(max_length=35, pattern="^[A-Za-z0-9_-]*$")] = ""
    subject: _Source = ""
    preheader: _Source = ""
    html: _Source = ""
    mjml: _Source = ""
    text: _Source | None = None
    message_class: MessageClass | None = None
    topic: Label | None = None
    retry_unknown: bool | None = None


class One(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template by its id, its number or its name."""

    template_id: Text


class Version(One, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of its versions; the newest unless said."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class Preview(Version, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a template is to be written from: as a caller, a person, an event and an order would give it."""

    language: Annotated[str, Meta(max_length=35)] | None = None
    data: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    event: dict[str, Any] | None = None
    order: dict[str, Any] | None = None


async def list_all(call: Call, wish: Nothing) -> list[views.Template]:
    """Templates, by name."""
    async with call.app() as tx:
        found = await messaging.list_templates(tx, call.workspace_id)
        texts = await messaging.read_newest_texts(tx, call.workspace_id, found)
    return [views.template(one, languages=list(texts[one.template_id])) for one in found]


async def show(call: Call, wish: Version) -> views.Template:
    """A template with its texts, or with those of an older version."""
    found, texts = await _read(call, wish)
    return views.template(found, texts)


async def preview(call: Call, wish: Preview) -> views.Preview:
    """What a reader would get. Nothing is sent, and nothing is kept."""
    _, texts = await _read(call, wish)
    async with call.app() as tx:
        zone_name = (
            wish.profile.get("timezone") or (await accounts.read_workspace(tx, call.workspace_id)).zone
        )
    language = rendering.language_for(texts, wish.language or _text_or_none(wish.profile.get("language")))
    reading = Reading(
        data=wish.data, profile=wish.profile, event=wish.event, order=wish.order,
        links=call.ports.links.examples(),
    )  # fmt: skip
    now = datetime.fromtimestamp(call.ports.database.now_us() / 1_000_000, UTC)
    try:
        written = rendering.render(texts[language], reading, now=now, zone=_zone(zone_name))
    except Unwritable as exc:
        raise errors.Invalid(str(exc)) from exc
    return views.preview(language, written)


async def save(call: Call, wish: Save) -> views.Template:
    """A new template, or the next version; texts in other languages stay."""
    try:
        content = _content(wish)
        rendering.check({wish.language: content})
    except Unwritable as exc:
        raise errors.Invalid(str(exc)) from exc
    async with call.app() as tx:
        saved = await messaging.save_template(
            tx, call.workspace_id,
            TemplateWish(
                name=wish.name, channel=wish.channel, texts={wish.language: content},
                message_class=wish.message_class, topic=wish.topic, retry_unknown=wish.retry_unknown,
            ),
            ids=call.ports.ids, others_stay=True,
        )  # fmt: skip
        texts = await messaging.read_texts(tx, call.workspace_id, saved.template_id, saved.version)
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="template saved",
            template=model.show_id(views.TEMPLATE, saved.template_id), version=saved.version,
        )  # fmt: skip
    return views.template(saved, texts)


async def delete(call: Call, wish: One) -> views.Template:
    """Nobody sends it from now on. Refused while an automation or a message that waits uses it."""
    async with call.app() as tx:
        template_id = (await _find(tx, call.workspace_id, wish.template_id)).template_id
        await messaging.lock_template(tx, call.workspace_id, template_id)
        found = await messaging.find_template(
            tx, call.workspace_id, template_id
        )  # by now it may be gone, or renamed
        await _check_unused(tx, call.workspace_id, found)
        await messaging.delete_template(
            tx, call.workspace_id, found.template_id, now_us=call.ports.database.now_us()
        )
        await accounts.audit(
            tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action="template deleted",
            template=model.show_id(views.TEMPLATE, found.template_id),
        )  # fmt: skip
    return views.template(found)


async def _check_unused(tx: Tx, workspace_id: UUID, found: StoredTemplate) -> None:
    """Raises Declined, naming who would have nothing to send."""
    users = await automations.users_of(tx, workspace_id, (found.name, str(found.number)))
    if users:
        raise errors.Declined(
            f"{found.name} is sent by the automation {', '.join(map(_in_words, users))}: archive it, or let it send "
            "another template; runs go on by the version that they began with"
        )
    waiting = await messaging.waiting_of(tx, workspace_id, found.template_id)
    if waiting is not None:
        raise errors.Declined(
            f"{found.name} is what {model.show_id(views.MESSAGE, waiting)} is written from, which still waits to go out"
        )


def _in_words(user: automations.User) -> str:
    match user.use:
        case automations.Use.RUNS:
            return f"{user.name} (runs go by version {user.version})"
        case automations.Use.LIVE | automations.Use.DRAFT:
            return f"{user.name} ({user.use})"


async def _read(call: Call, wish: Version) -> tuple[StoredTemplate, dict[str, Content]]:
    """The template as of the version that is wanted."""
    async with call.app() as tx:
        found = await _find(tx, call.workspace_id, wish.template_id)
        found = replace(found, version=wish.version or found.version)
        return found, await messaging.read_texts(tx, call.workspace_id, found.template_id, found.version)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (ValueError, KeyError, OSError) as exc:
        raise errors.Invalid(f"{name} is not a time zone; write it as Europe/Kyiv") from exc


def _content(wish: Save) -> Content:
    if wish.channel == "email":
        if not wish.subject or not (wish.html or wish.mjml or wish.text):
            raise errors.Invalid("an e-mail has a `subject`, and `html`, `mjml` or `text`")
        if wish.html and wish.mjml:
            raise errors.Invalid("give `html` or `mjml`, of which the HTML is made")
        return Email(
            subject=wish.subject, html=mjml.compile(wish.mjml) if wish.mjml else wish.html,
            preheader=wish.preheader, text=wish.text, mjml=wish.mjml or None,
        )  # fmt: skip
    if wish.channel in ("sms", "viber"):
        if not wish.text or wish.subject or wish.html or wish.mjml or wish.preheader:
            raise errors.Invalid(f"{wish.channel} has a `text` and nothing else")
        return ShortText(text=wish.text)
    raise errors.Invalid("templates are for email, sms and viber")


async def _find(tx: Tx, workspace_id: UUID, text: str) -> StoredTemplate:
    """By an id, a name or a number. Raises NotFound; Declined where it is the name of one and the number of another."""
    template_id, number = model.parse_id(views.TEMPLATE, text), messaging.number_in(text)
    if template_id is not None:
        return await messaging.find_template(tx, workspace_id, template_id)
    found = await messaging.find_called(tx, workspace_id, text)
    if number is not None and number != found.number and await _is_there(tx, workspace_id, number):
        raise errors.Declined(
            f"{text} is the name of a template and the number of another: say which by its id (`template list`)"
        )
    return found


async def _is_there(tx: Tx, workspace_id: UUID, number: int) -> bool:
    try:
        await messaging.find_template(tx, workspace_id, number)
    except errors.NotFound:
        return False
    return True
