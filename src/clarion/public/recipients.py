"""What recipients of messages may do, by signed links and without signing in: the routes under /p/.

A GET shows and never acts; only a POST does. So whatever fetches links beforehand (scanners, previews, prefetching)
changes nothing. `List-Unsubscribe=One-Click` (RFC 8058) is a POST to the unsubscribe link, without cookies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import parse_qs
from uuid import UUID

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from clarion import accounts, events, log
from clarion.db import is_transient
from clarion.errors import NotFound
from clarion.messaging import links, readers
from clarion.messaging.links import Reader, Token
from clarion.public import answers
from clarion.public.answers import Page
from clarion.public.bounds import Bounds
from clarion.public.html import STYLE_HASH
from clarion.public.port import Answering
from clarion.vault import Vault

#: What one link may do in a minute; and how often it is looked which workspaces there are.
A_LINK_PER_MINUTE, LOOK_EVERY_S = 60, 1.0
#: How often a minute a message's opens, and its clicks, are taken to the database: only the first is noted there.
NOTES_PER_MINUTE = 5
FORM_BYTES_MAX, FIELDS_MAX = 65_536, 1_000
_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
_PAGE = _HEADERS | {
    "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: A picture in a mail is fetched from elsewhere.
_PICTURE = _HEADERS | {"Content-Security-Policy": "sandbox; default-src 'none'"}
_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_log = log.get(__name__)


class TooOften(Exception):
    """A link is used more often than people do; `wait_s` until the next time."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class TooLarge(Exception):
    """No form of ours."""


class Gate:
    """Reads tokens, and knows how often which was shown."""

    def __init__(self, asked: Answering) -> None:
        self._asked = asked
        self._workspaces: set[UUID] = set()
        self._looked_s = -LOOK_EVERY_S
        self._looking = asyncio.Lock()
        self._links = Bounds(A_LINK_PER_MINUTE, asked.clock_s)
        self._notes = Bounds(NOTES_PER_MINUTE, asked.clock_s)

    async def read(self, request: Request) -> tuple[Token, Vault] | None:
        """The token of the path and its workspace's vault; None where it names none. Raises Unavailable."""
        token = links.parse(request.path_params["token"])
        if token is None or not await self._is_there(token.workspace_id):
            return None
        try:
            return token, await self._asked.vaults.of(token.workspace_id)
        except NotFound:
            return None

    def count(self, request: Request) -> None:
        """Once a link was read, it is counted. Raises TooOften."""
        wait_s = self._links.take(request.path_params["token"])
        if wait_s is not None:
            raise TooOften(wait_s)

    def may_note(self, kind: str, send_id: UUID) -> bool:
        """Whether an open or a click of a message is taken to the database, whichever of its links was used."""
        return self._notes.take(f"{kind} {send_id}") is None

    async def _is_there(self, workspace_id: UUID) -> bool:
        """However many are made up, the database is asked once in a while, and no reader waits for them."""
        if workspace_id in self._workspaces:
            return True
        async with self._looking:
            now_s = self._asked.clock_s()
            if workspace_id not in self._workspaces and now_s - self._looked_s >= LOOK_EVERY_S:
                async with self._asked.database.app() as tx:
                    self._workspaces = {one.workspace_id for one in await accounts.list_workspaces(tx)}
                self._looked_s = now_s
        return workspace_id in self._workspaces


Act: TypeAlias = Callable[[Reader, Vault, Request], Awaitable[Callable[[Page], str]]]


def routes(asked: Answering) -> list[Route]:
    """All that a link in a message leads to."""
    gate = Gate(asked)
    page_headers = _PAGE | (_TLS if asked.tls else {})

    def html(text: str, status: int = 200, **more: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return HTMLResponse(text, status, headers=page_headers | named)

    def kept(serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """What goes wrong has a page of its own."""

        async def kept(request: Request) -> Response:
            language = _accepted(request)
            try:
                return await serve(request)
            except TooOften as exc:
                return html(answers.too_often(language), 429, Retry_After=str(int(exc.wait_s) + 1))
            except TooLarge:
                return html(answers.missing(language), 413)
            except Exception as exc:
                if not is_transient(exc):
                    raise
                return html(answers.away(language), 503, Retry_After="60")

        return kept

    async def reader(request: Request) -> tuple[Reader, Vault] | None:
        found = await gate.read(request)
        if found is None:
            return None
        token, vault = found
        read = links.reader_of(vault, token)
        if read is None:
            return None
        gate.count(request)
        return read, vault

    def page(act: Act) -> Callable[[Request], Awaitable[Response]]:
        """`act` does something or nothing, and says which page shows what came of it."""

        async def serve(request: Request) -> Response:
            found = await reader(request)
            if found is None:
                return html(answers.missing(_accepted(request)), 404)
            shown = await act(*found, request)
            return html(shown(await _page(asked, *found, request)))

        return kept(serve)

    async def ask(_reader: Reader, _vault: Vault, _request: Request) -> Callable[[Page], str]:
        return answers.unsubscribe

    async def unsubscribe(reader: Reader, vault: Vault, _request: Request) -> Callable[[Page], str]:
        async with asked.database.app(reader.workspace_id) as tx:
            await readers.unsubscribe(tx, reader, vault=vault, ids=asked.ids)
        _log.info("unsubscribed", action="reader_unsubscribed", send=str(reader.send_id))
        return answers.unsubscribed

    async def subscribe(reader: Reader, _vault: Vault, _request: Request) -> Callable[[Page], str]:
        async with asked.database.app(reader.workspace_id) as tx:
            await readers.subscribe(tx, reader, ids=asked.ids)
        return answers.subscribed

    async def prefer(_reader: Reader, _vault: Vault, _request: Request) -> Callable[[Page], str]:
        return answers.preferences

    async def choose(reader: Reader, vault: Vault, request: Request) -> Callable[[Page], str]:
        form = await _form(request)
        async with asked.database.app(reader.workspace_id) as tx:
            shown = await readers.reader_standing(tx, reader, vault=vault)
            ticked = set(form.get(answers.TOPIC, ()))
            agreed = {one.topic: one.topic in ticked for one in shown.choices}
            await readers.choose(tx, reader, answers.ALL in form, agreed, vault=vault, ids=asked.ids)
        return lambda page: answers.preferences(page, saved=True)

    async def opened(request: Request) -> Response:
        found = await gate.read(request)
        send_id = None if found is None else links.opened_send(found[1], found[0])
        if found is None or send_id is None:
            return Response(b"", 404, headers=_PICTURE)
        if request.method == "GET" and gate.may_note("open", send_id):
            await _note(asked, found[0].workspace_id, send_id, None, found[1])
        return Response(_GIF, headers=_PICTURE, media_type="image/gif")

    async def clicked(request: Request) -> Response:
        found = await gate.read(request)
        url = request.query_params.get("u", "")
        send_id = None if found is None else links.clicked_send(found[1], found[0], url)
        if found is None or send_id is None:
            return html(answers.missing(_accepted(request)), 404)
        if request.method == "GET" and gate.may_note("click", send_id):
            await _note(asked, found[0].workspace_id, send_id, url, found[1])
        return RedirectResponse(url, 302, headers=page_headers)

    async def nothing(request: Request) -> Response:
        return html(answers.missing(_accepted(request)), 404)

    return [
        Route(links.UNSUBSCRIBE + "/{token}", page(ask), methods=["GET"]),
        Route(links.UNSUBSCRIBE + "/{token}", page(unsubscribe), methods=["POST"]),
        Route(links.SUBSCRIBE + "/{token}", page(prefer), methods=["GET"]),
        Route(links.SUBSCRIBE + "/{token}", page(subscribe), methods=["POST"]),
        Route(links.PREFERENCES + "/{token}", page(prefer), methods=["GET"]),
        Route(links.PREFERENCES + "/{token}", page(choose), methods=["POST"]),
        Route(links.OPEN + "/{token}", kept(opened), methods=["GET"]),
        Route(links.CLICK + "/{token}", kept(clicked), methods=["GET"]),
        Route("/p/{rest:path}", nothing, methods=["GET", "POST"]),
    ]


async def _page(asked: Answering, reader: Reader, vault: Vault, request: Request) -> Page:
    async with asked.database.app(reader.workspace_id) as tx:
        workspace = await accounts.read_workspace(tx, reader.workspace_id)
        standing = await readers.reader_standing(tx, reader, vault=vault)
    if standing.language is None:
        standing = replace(standing, language=_accepted(request))
    return Page(
        token=request.path_params["token"],
        channel=reader.channel,
        workspace=workspace.name,
        standing=standing,
    )


async def _note(asked: Answering, workspace_id: UUID, send_id: UUID, url: str | None, vault: Vault) -> None:
    """What cannot be noted now is lost: nobody waits for a picture or a page because of it."""
    now_us = asked.database.now_us()
    try:
        async with asked.database.app(workspace_id) as tx:
            if url is None:
                first = await readers.opened(
                    tx, workspace_id, send_id, vault=vault, ids=asked.ids, now_us=now_us
                )
            else:
                first = await readers.clicked(
                    tx, workspace_id, send_id, url, vault=vault, ids=asked.ids, now_us=now_us
                )
        if first:
            await asked.database.notify(events.WORK)
    except Exception as exc:
        if not is_transient(exc):
            raise
        _log.warning("an open or a click was not noted", action="reader_not_noted", send=str(send_id))


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of our own form; of what is none, nothing. Raises TooLarge."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES_MAX:
            raise TooLarge
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=FIELDS_MAX)
    except ValueError as exc:
        raise TooLarge from exc


def _accepted(request: Request) -> str | None:
    """The language that the browser asks for first."""
    return request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip() or None
