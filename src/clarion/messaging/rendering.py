"""A template becomes a message: Velocity, compiled once a version, in the reader's language. Pure."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from msgspec import Struct

from clarion import velocity
from clarion.messaging.port import Content, Email, Payload, Text

_COMPILED_MAX = 4_096
TEXT_CHARS_MAX = 1_000_000
_REFERENCE = re.compile(r"\$!?\{?[^\s<>#$]+")  # to where it must be over
_WORD = re.compile(r"[A-Za-z0-9_-]+")


class Unwritable(Exception):
    """A template that cannot be used, or not with these data. Its text names no value but those of the template."""


class Reading(Struct, frozen=True, kw_only=True):
    """What a template may read. The names in `data` are variables of their own as well, but for those of `links`."""

    data: Mapping[str, Any] = {}
    profile: Mapping[str, Any] = {}
    event: Mapping[str, Any] | None = None
    order: Mapping[str, Any] | None = None
    links: Mapping[str, str] = {}

    def context(self) -> dict[str, Any]:
        return {
            **self.data,
            "data": self.data,
            "profile": self.profile,
            "event": self.event or {},
            "order": self.order or {},
            **self.links,
        }


def in_language(texts: Mapping[str, Content], language: str | None) -> Content:
    """The text for a reader: `uk-UA`, else `uk`, else the one for everybody, else the first there is."""
    return texts[language_for(texts, language)]


def language_for(texts: Mapping[str, Content], language: str | None) -> str:
    """In which of the languages that there are a reader is written to."""
    wanted = (language or "").replace("_", "-").lower()
    by_tag = {tag.replace("_", "-").lower(): tag for tag in texts}
    for tag in (wanted, wanted.partition("-")[0], ""):
        if tag in by_tag:
            return by_tag[tag]
    return next(iter(texts))


def render(content: Content, reading: Reading, *, now: datetime, zone: tzinfo | None) -> Content:
    """The content with its holes filled: HTML is escaped, a subject holds no line's end. Raises Unwritable."""
    context = reading.context()

    def filled(source: str, *, escape: bool = False, header: bool = False) -> str:
        return _compiled(source).render(context, escape=escape, header=header, now=now, zone=zone)

    try:
        match content:
            case Email():
                return Email(
                    subject=filled(content.subject, header=True),
                    html=filled(content.html, escape=True),
                    preheader=filled(content.preheader, escape=False),
                    text=None if content.text is None else filled(content.text),
                )
            case Text():
                return Text(text=filled(content.text))
            case Payload():
                return content
    except velocity.VelocityError as exc:
        raise Unwritable(str(exc)) from exc


def check(texts: Mapping[str, Content]) -> None:
    """Whether every text compiles. Raises Unwritable."""
    for language, content in texts.items():
        for name, source in _sources(content):
            try:
                _compiled(source)
            except velocity.VelocityError as exc:
                where = f"{name} ({language})" if language else name
                raise Unwritable(f"{where}: {exc}") from exc


def shows(content: Content, names: Collection[str]) -> bool:
    """Whether it reads a value of one of these names, as far as can be told without rendering it."""
    references = [told for _, source in _sources(content) for told in _REFERENCE.findall(source)]
    return any(name in _WORD.findall(told) for told in references for name in names)


def _sources(content: Content) -> list[tuple[str, str]]:
    match content:
        case Email(subject=subject, html=html, preheader=preheader, text=text, mjml=mjml):
            # MJML first: its lines are those that its writer knows.
            named = {"subject": subject, "mjml": mjml, "html": html, "preheader": preheader, "text": text}
            return [(name, source) for name, source in named.items() if source]
        case Text(text=text):
            return [("text", text)]
        case _:
            return []


@lru_cache(_COMPILED_MAX)
def _compiled(source: str) -> velocity.Template:
    """By the text itself: a version never changes, and equal texts are one."""
    return velocity.compile(source)
