"""The URL map: which door a request goes to."""

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

import starlette.types
from msgspec import Struct
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from clarion import __version__, api, public
from clarion.app.acting import listeners, templates
from clarion.app.providers import REPORTING, read_returned
from clarion.app.rooms import Rooms
from clarion.app.standing import Standing
from clarion.dialects import DIALECTS, Door, Handler, Table, document, page
from clarion.messaging import Links
from clarion.public import docs

ASGIApp: TypeAlias = starlette.types.ASGIApp
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Doors(Struct, frozen=True):
    """All dialects' handlers: by method and path, and by prefix for whatever else lies behind a door."""

    spoken: Table
    behind: tuple[
        tuple[str, Handler], ...
    ]  # (prefix, the answer in that vendor's voice), longest prefix first

    def find(self, method: str, path: str) -> Handler | None:
        """Whose request this is; None when it is no dialect's."""
        handler = self.spoken.find(method, path)
        if handler is not None:
            return handler
        return next((voice for prefix, voice in self.behind if path.startswith(prefix)), None)


def doors(door: Door) -> Doors:
    """Every installed dialect's. Raises ValueError when two claim one method and path, or one prefix."""
    exact: dict[tuple[str, str], Handler] = {}
    behind: dict[str, Handler] = {}
    for name, dialect in DIALECTS.items():
        for place, handler in dialect.routes(door).items():
            if exact.setdefault(place, handler) is not handler:
                raise ValueError(f"{name} claims {place}, which another door has")
        voice = dialect.unknown(door)
        for prefix in dialect.prefixes:
            if behind.setdefault(prefix, voice) is not voice:
                raise ValueError(f"{name} claims {prefix}, which another door has")
    return Doors(Table(exact), tuple(sorted(behind.items(), key=lambda item: -len(item[0]))))


def asgi_app(
    opened: Rooms, door: Door, standing: Standing, registry: CollectorRegistry, used: Callable[[UUID], None]
) -> ASGIApp:
    """Ingest goes straight to its handler; everything else through Starlette's router.

    `used` is told of each request to the management API whose credential it is.
    """
    outside = doors(door)
    inside = Starlette(
        routes=[*_management(opened, door, used), *_pages(opened, standing, registry)],
        exception_handlers={404: public.not_found, 405: public.method_not_allowed},
    )

    async def application(
        scope: starlette.types.Scope, receive: starlette.types.Receive, send: starlette.types.Send
    ) -> None:
        handler = outside.find(scope["method"], scope["path"])
        await (handler or inside)(scope, receive, send)

    return application


def _management(opened: Rooms, door: Door, used: Callable[[UUID], None]) -> Sequence[BaseRoute]:
    ports = api.Ports(
        database=opened.database, vaults=opened.vaults, ids=opened.ids, dialects=DIALECTS,
        journal_keep_days=opened.settings.journal_keep_days, used=used,
        listeners=listeners(opened.database.now_us), find_templates=templates,
        providers=opened.providers, links_are_local=opened.settings.links_are_local,
        links=Links(opened.settings.links_url), read_returned=read_returned,
    )  # fmt: skip
    return api.routes(ports, door.credentials)


def _pages(opened: Rooms, standing: Standing, registry: CollectorRegistry) -> list[BaseRoute]:
    settings = opened.settings
    front = public.Front(
        version=__version__,
        local=settings.host in _LOOPBACK,
        tls=settings.tls_cert is not None,
        examples=tuple(
            public.Example(
                title=name,
                key_command=_key_command(name),
                curl=dialect.curl(settings.base_url, "$CLARION_KEY"),
            )
            for name, dialect in DIALECTS.items()
        ),
    )
    return [
        *public.routes(
            shown=front, readiness=standing.readiness, registry=registry,
            docs=docs.read() | _references(settings.base_url),
            documents={f"{name}/openapi.json": document(one.reference) for name, one in DIALECTS.items()},
            answering=public.Answering(
                database=opened.database, vaults=opened.vaults, ids=opened.ids, reporting=REPORTING,
                now_s=time.time, clock_s=time.monotonic, tls=settings.tls_cert is not None,
            ),
        )
    ]  # fmt: skip


def _references(base_url: str) -> dict[str, str]:
    """A page for each dialect, of every call of its door."""
    return {
        f"{name}.md": page(dialect.reference, base_url, _key_command(name), f"/docs/{name}/openapi.json")
        for name, dialect in DIALECTS.items()
    }


def _key_command(dialect: str) -> str:
    return f"./run credential create --workspace demo --dialect {dialect} --bare"
