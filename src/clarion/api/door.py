"""One path of the management API: finds out who calls, whether they may, what they want; answers whatever happens."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clarion import db, errors, log, model
from clarion.accounts import Credential
from clarion.api import auth, reply, views
from clarion.api.ports import Call, Edge, Forbidden
from clarion.api.route import Declared

BODY_BYTES_MAX = 65_536
BODY_TIMEOUT_S = 30.0

_HOLD = "clarion.hold"  # in the scope, from the server

_log = log.get(__name__)


class Door:
    """An ASGI application for the routes of one path, by method."""

    def __init__(self, edge: Edge, routes: Mapping[str, Declared]) -> None:
        self._edge = edge
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        declared = self._routes.get(method)
        if declared is None:
            return reply.wrong_method(", ".join(self._routes))
        try:
            return await self._serve(declared, request)
        except errors.Declined as exc:
            return reply.declined(exc)
        except errors.Unavailable as exc:
            return reply.unavailable(exc.retry_after_s)
        except ClientDisconnect:
            return reply.declined(reply.TooSlow("the caller hung up"))
        except Exception as exc:
            if db.is_transient(exc):
                return reply.unavailable(errors.Unavailable("").retry_after_s)
            request_id = f"req_{os.urandom(8).hex()}"
            _log.exception(
                "a call of the management API failed",
                action="manage_failed", request_id=request_id, route=declared.route.path,
            )  # fmt: skip
            return reply.broken(request_id)

    async def _serve(self, declared: Declared, request: Request) -> Response:
        caller = await self._caller(request)
        if caller is None:
            await _hold(request.scope, self._edge.credentials.late())
            return reply.unauthorized()
        self._edge.ports.used(caller.credential_id)
        route = declared.route
        actor = model.show_id(views.CREDENTIAL, caller.credential_id)
        role = caller.role or ""
        if role not in route.allow:
            _log.warning(
                "a caller's role does not allow what it asked for",
                action="manage_forbidden", caller=actor, role=role, route=f"{route.method} {route.path}",
            )  # fmt: skip
            raise Forbidden(f"the role {role or 'none'} may not do this; these may: {_named(route.allow)}")
        wish = await _wish(declared, request)
        call = Call(ports=self._edge.ports, workspace_id=caller.workspace_id, actor=actor, role=role)
        return reply.answer(route.status, await route.serve(call, wish))

    async def _caller(self, request: Request) -> Credential | None:
        token = auth.token_in(request.headers.get("authorization", ""))
        return await self._edge.credentials.find(auth.DIALECT, token) if token else None


async def _hold(scope: Scope, for_s: float) -> None:
    """Keep the caller waiting, where the server can."""
    if for_s and (hold := scope.get(_HOLD)):
        await hold(for_s)


def _named(roles: frozenset[str]) -> str:
    return ", ".join(sorted(roles))


async def _wish(declared: Declared, request: Request) -> Any:
    """What the path and the query, or the body, say together. Raises Declined."""
    told: dict[str, Any] = dict(request.query_params)
    is_query = declared.route.method == "GET"
    if not is_query:
        if told:
            raise errors.Invalid("this call takes nothing in the query")
        told = await _body(request)
    for place in declared.places:
        if place in told:
            raise errors.Invalid(f"{place} is given by the path")
        told[place] = request.path_params[place]
    try:
        # A query is text: there "10" is a number.
        return msgspec.convert(told, declared.takes, strict=not is_query)
    except msgspec.ValidationError as exc:
        raise errors.Invalid(str(exc)) from exc


async def _body(request: Request) -> dict[str, Any]:
    """The object in the body; an empty one for none. Raises Declined."""
    raw = await _read(request)
    if not raw:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise reply.NotJSON("send Content-Type: application/json")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (ValueError, RecursionError) as exc:
        raise errors.Invalid("the body is not a JSON object") from exc


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise reply.TooLarge(f"the body must not be longer than {BODY_BYTES_MAX} bytes")
    except TimeoutError as exc:
        raise reply.TooSlow(f"the body did not arrive within {BODY_TIMEOUT_S:g} seconds") from exc
    return bytes(body)
