"""Prepared messages: templates, under their small numbers; each channel has a store of its own."""

import re
from collections.abc import Awaitable, Callable
from email.utils import formataddr
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from clarion import automations, errors, messaging
from clarion.db import Tx
from clarion.dialects import _storable
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik import lookup, reply
from clarion.dialects.esputnik.messages import mapping, wire
from clarion.dialects.esputnik.wire import Malformed
from clarion.messaging import Channel, Content, StoredTemplate, TemplateWish, Text, Unwritable
from clarion.messaging import Email as Mail

MESSAGE = "Message"
_NOT_FOUND = "Message with id='{}' not found"
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,3}", re.ASCII)

Serve = Callable[[Asked], Awaitable[Any]]


class Store(Struct, frozen=True):
    """The prepared messages of a channel. `place`: what their id is called in a path."""

    channel: Channel
    place: str

    async def search(self, asked: Asked) -> reply.Listed:
        """Prepared messages, newest first; the header TotalCount says how many there are."""
        wish: wire.Search = asked.query

        async def work(tx: Tx) -> reply.Listed:
            held = await messaging.list_templates(tx, asked.workspace_id)
            found = [one for one in held if one.channel == self.channel and _has(one, wish.search)]
            found.sort(key=lambda one: -one.number)
            page = found[wish.startindex - 1 :][: wish.maxrows]
            return reply.Listed([await _shown(tx, asked.workspace_id, one) for one in page], len(found))

        return await asked.transact(work)

    async def create(self, asked: Asked) -> wire.Made:
        """Keep a prepared message; the answer's id is what smartsend takes."""
        sent = asked.body
        _check_name(sent.name)
        wish = self._wish(sent, sent.name, {"": _content(sent, None)})

        async def work(tx: Tx) -> wire.Made:
            taken = errors.AlreadyThere(f"There is a message named {sent.name} already")
            if await _named(tx, asked.workspace_id, sent.name) is not None:
                raise taken
            try:
                saved = await messaging.save_template(tx, asked.workspace_id, wish, ids=asked.store.ids)
            except errors.Invalid as exc:  # made meanwhile, for another channel
                raise taken from exc
            if saved.version != 1:  # made meanwhile
                raise taken
            return wire.Made(saved.number)

        return await asked.transact(work)

    async def show(self, asked: Asked) -> wire.ShownEmail | wire.ShownText:
        """A prepared message."""

        async def work(tx: Tx) -> wire.ShownEmail | wire.ShownText:
            return await _shown(tx, asked.workspace_id, await self._find(tx, asked))

        return await asked.transact(work)

    async def update(self, asked: Asked) -> wire.Made:
        """Change a prepared message; what is sent already stays as it was."""
        return await self._update(asked, "")

    async def delete(self, asked: Asked) -> wire.Made:
        """Delete a prepared message; what is planned is still sent."""

        async def work(tx: Tx) -> int:
            found = await self._find(tx, asked)
            await _check_unused(tx, asked.workspace_id, found)
            await messaging.delete_template(
                tx, asked.workspace_id, found.template_id, now_us=asked.store.database.now_us()
            )
            return found.number

        return wire.Made(await asked.transact(work))

    async def set_language(self, asked: Asked) -> wire.Made:
        """Add or change the text of a prepared message in a language."""
        return await self._update(asked, _language(asked))

    async def delete_language(self, asked: Asked) -> wire.Made:
        """Take away the text of a prepared message in a language."""
        language = _language(asked)

        async def work(tx: Tx) -> int:
            found = await self._find(tx, asked)
            texts = await messaging.read_texts(tx, asked.workspace_id, found.template_id, found.version)
            if language not in texts:
                raise errors.NotFound(f"Message with id='{found.number}' has no text in {language}")
            del texts[language]
            if not texts:
                raise errors.AlreadyThere("A message has a text: delete the message itself")
            await self._save(tx, asked, found, _nothing_new(self.channel), texts)
            return found.number

        return wire.Made(await asked.transact(work))

    async def _update(self, asked: Asked, language: str) -> wire.Made:
        sent = asked.body

        async def work(tx: Tx) -> int:
            found = await self._find(tx, asked)
            texts = await messaging.read_texts(tx, asked.workspace_id, found.template_id, found.version)
            texts[language] = _content(sent, texts.get(language))
            await self._save(tx, asked, found, sent, texts)
            return found.number

        return wire.Made(await asked.transact(work))

    async def _save(
        self, tx: Tx, asked: Asked, held: StoredTemplate, sent: Any, texts: dict[str, Content]
    ) -> None:
        name = sent.name or held.name
        if name != held.name:
            _check_name(name)
            await _check_unused(tx, asked.workspace_id, held, held.name)
            await messaging.rename_template(tx, asked.workspace_id, held.template_id, name)
        wish = structs.replace(
            self._wish(sent, name, texts), message_class=held.message_class, topic=held.topic,
            retry_unknown=held.retry_unknown,
        )  # fmt: skip
        await messaging.save_template(tx, asked.workspace_id, wish, ids=asked.store.ids)

    def _wish(self, sent: Any, name: str, texts: dict[str, Content]) -> TemplateWish:
        try:
            messaging.check_texts(texts)
        except Unwritable as exc:
            raise Malformed(str(exc)) from exc
        sender, sender_name = mapping.sender(sent.from_, self.channel)
        for tag in sent.tags or ():
            _check_storable(tag)
        return TemplateWish(
            name=name, channel=self.channel, texts=texts, sender=sender,
            sender_name=sender_name, tags=sent.tags,
        )  # fmt: skip

    async def _find(self, tx: Tx, asked: Asked) -> StoredTemplate:
        """The one of the path, which nobody else changes until the commit. Raises NotFound."""
        number = lookup.number(asked.places[self.place], MESSAGE)
        found = await find(tx, asked.workspace_id, number)
        await messaging.lock_template(tx, asked.workspace_id, found.template_id)
        found = await find(tx, asked.workspace_id, number)  # by now it may be another version, or deleted
        if found.channel != self.channel:
            raise errors.NotFound(_NOT_FOUND.format(found.number))
        return found


async def find(tx: Tx, workspace_id: UUID, number: int) -> StoredTemplate:
    """By its id. Raises NotFound."""
    try:
        return await messaging.find_template(tx, workspace_id, number)
    except errors.NotFound as exc:
        raise errors.NotFound(_NOT_FOUND.format(number)) from exc


async def _named(tx: Tx, workspace_id: UUID, name: str) -> StoredTemplate | None:
    try:
        return await messaging.find_template(tx, workspace_id, name)
    except errors.NotFound:
        return None


async def _check_unused(tx: Tx, workspace_id: UUID, found: StoredTemplate, *called: str) -> None:
    """Raises AlreadyThere: a workflow would have nothing to send."""
    users = await automations.users_of(tx, workspace_id, called or (found.name, str(found.number)))
    if users:
        raise errors.AlreadyThere(f"Message with id='{found.number}' is sent by the workflow {users[0].name}")


async def _shown(tx: Tx, workspace_id: UUID, one: StoredTemplate) -> wire.ShownEmail | wire.ShownText:
    texts = await messaging.read_texts(tx, workspace_id, one.template_id, one.version)
    first = texts.get("") or next(iter(texts.values()))
    sender = formataddr((one.sender_name, one.sender)) if one.sender_name and one.sender else one.sender
    languages = sorted(language for language in texts if language)
    tags = list(one.tags)
    if isinstance(first, Mail):
        return wire.ShownEmail(
            one.number,
            one.name,
            sender,
            first.subject,
            first.html,
            first.text,
            first.preheader,
            tags,
            languages,
        )
    assert isinstance(first, Text), "templates are of e-mail, SMS and Viber"
    return wire.ShownText(one.number, one.name, sender, first.text, tags, languages)


def _has(one: StoredTemplate, wanted: str) -> bool:
    return any(wanted.lower() in text.lower() for text in (one.name, *one.tags))


def _content(sent: Any, held: Content | None) -> Content:
    """What is sent, over what is held. Raises Malformed where something is missing."""
    if isinstance(sent, wire.NewText | wire.TextChange):
        text = sent.text if sent.text is not None or not isinstance(held, Text) else held.text
        if not text:
            raise Malformed("text is required")
        return Text(text=_check_storable(text))
    before = held if isinstance(held, Mail) else Mail(subject="", html="")
    made = Mail(
        subject=_kept(sent.subject, before.subject),
        html=_kept(sent.html_text, before.html),
        preheader=_kept(sent.preheader, before.preheader),
        text=before.text if sent.plain_text is None else _check_storable(sent.plain_text),
    )
    if not made.subject or not (made.html or made.text):
        raise Malformed("subject and htmlText are required")
    return made


def _kept(sent: str | None, held: str) -> str:
    return held if sent is None else _check_storable(sent)


def _nothing_new(channel: Channel) -> wire.EmailChange | wire.TextChange:
    return wire.EmailChange() if channel == "email" else wire.TextChange()


def _language(asked: Asked) -> str:
    """In the path. Raises Malformed."""
    language = asked.places["language"]
    if not _LANGUAGE.fullmatch(language):
        raise Malformed(f"'{language[:20]}' is not a language")
    return language


def _check_name(name: str) -> None:
    """A number would be taken for another's. Raises Malformed."""
    if not name.strip() or name.strip().isdecimal():
        raise Malformed("name must have a letter")
    _check_storable(name)


def _check_storable(text: str) -> str:
    if (wrong := _storable.problem(text)) is not None:
        raise Malformed(f"A text {wrong}")
    return text
