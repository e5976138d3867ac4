"""What the supervisor and its children say to each other, and what `clarion.app` provides for them."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct

from clarion.config import Settings, decode_path, encode_path
from clarion.db.address import Addresses, of_url

#: Seconds a child may take to finish when it is told to drain; the supervisor ends it a second later.
GRACE_S = {"prepare": 1.0, "http": 10.0, "worker": 5.0}

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
#: In a request's scope: await it with seconds before an answer that is to come late. False: the caller hung up.
HOLD = "clarion.hold"


class App(Protocol):
    """The module `clarion.app`. A ClarionError from any of these is printed as its sentence, without a
    traceback.

    In `settings` the port is the real one (`--port 0` has been settled), so `settings.base_url` can be shown.
    """

    def prepare(self, settings: Settings, addresses: Addresses) -> Awaitable[object]:
        """Once at start, before the others, in a process of its own: master key, migrations, demo workspace.

        Returns what msgspec encodes to the JSON of a `Prepared`.
        """

    def http(self, settings: Settings, addresses: Addresses) -> AbstractAsyncContextManager[ASGIApp]:
        """The ASGI application, open while HTTP is served; it is closed after the last request was
        answered.
        """

    def worker(self, settings: Settings, addresses: Addresses, stop: asyncio.Event) -> Awaitable[None]:
        """Work until `stop` is set, then finish the transaction at hand and return."""


class Example(Struct, frozen=True, kw_only=True):
    """Something to try: the dialect's name, a command line that works as it stands, and where its key is
    shown.
    """

    dialect: str
    curl: str
    key: str


class Prepared(Struct, frozen=True, kw_only=True):
    """What `prepare` did (sentences for the log) and what the banner shows; why nothing is sent, if so."""

    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()
    acting_paused: str | None = None


class Listener(Struct, frozen=True, kw_only=True):
    """The listening socket that a child inherits: its file descriptor, and the length of the system's
    queue.
    """

    descriptor: int
    backlog: int


class Orders(Struct, frozen=True, kw_only=True):
    """The first line of a child's standard input. `name` is what it calls itself in the log."""

    name: str
    settings: Settings
    addresses: Addresses
    listener: Listener | None = None


class Done(Struct, frozen=True, tag=True):
    """The prepare child's answer, on its standard output: it went well."""

    prepared: Prepared


class Refused(Struct, frozen=True, tag=True):
    """The prepare child's answer: it cannot be done, and why."""

    sentence: str


def elsewhere(settings: Settings) -> Addresses | None:
    """The database that the settings name; None where it is the embedded one."""
    if settings.database_url is None:
        return None
    app_url = settings.app_database_url or settings.database_url
    return Addresses(owner=of_url(settings.database_url).owner, app=of_url(app_url).app)


def encode(value: Orders | Done | Refused) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(value, enc_hook=encode_path) + b"\n"


def decode_orders(line: bytes) -> Orders:
    return msgspec.json.decode(line, type=Orders, dec_hook=decode_path)


def decode_answer(line: bytes) -> Done | Refused:
    return msgspec.json.decode(line, type=Done | Refused)
