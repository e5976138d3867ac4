"""What gateways tell later: POST /p/reports/{token}, signed as Standard Webhooks has it with the provider's secret.

The token names workspace and channel, so that nobody else's message can be meant; the signature says that the provider
said it. Reports may come twice and in any order. 200 counts what was taken; 503 asks to be told again where a report
may be of a message whose provider has not answered us yet.
"""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clarion import log, messaging
from clarion.db import is_transient
from clarion.messaging import links, reporting
from clarion.messaging.port import Channel, Unreadable
from clarion.public.bounds import Bounds
from clarion.public.port import Answering
from clarion.public.recipients import Gate, TooOften
from clarion.vault import Vault

BODY_BYTES_MAX = 1_048_576
REQUESTS_PER_MINUTE = 6_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
}
_log = log.get(__name__)


class Taken(Struct, frozen=True, kw_only=True):
    """What became of the reports: new ones, known ones, and those of no message that this channel sent."""

    taken: int
    repeated: int
    unknown: int


class _Refused(Exception):
    """Not heard; the text says what to do."""

    def __init__(self, status: int, text: str, retry_after_s: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


def route(asked: Answering) -> Route:
    """Where reports come in."""
    gate, bounds = Gate(asked), Bounds(REQUESTS_PER_MINUTE, asked.clock_s)

    async def serve(request: Request) -> Response:
        try:
            return _json(await _hear(asked, gate, bounds, request), 200)
        except _Refused as exc:
            return _json({"error": str(exc)}, exc.status, exc.retry_after_s)
        except TooOften as exc:
            return _json({"error": "too many requests"}, 429, int(exc.wait_s) + 1)
        except Exception as exc:
            if not is_transient(exc):
                raise
            return _json({"error": "nothing was taken; tell it again"}, 503, 30)

    return Route(links.REPORTS + "/{token}", serve, methods=["POST"])


async def _hear(asked: Answering, gate: Gate, bounds: Bounds, request: Request) -> Taken:
    found = await gate.read(request)
    channel = None if found is None else links.reporting_channel(found[1], found[0])
    if found is None or channel is None:
        raise _Refused(404, "no such address: `clarion provider list` shows where a channel's reports go")
    if (wait_s := bounds.take(request.path_params["token"])) is not None:
        raise TooOften(wait_s)
    workspace_id, vault = found[0].workspace_id, found[1]
    body = await _body(request)
    reports = await _read(asked, request, body, channel, found[0], vault)
    async with asked.database.app(workspace_id) as tx:
        heard = await reporting.hear(
            tx, workspace_id, channel, reports,
            origin="provider", vault=vault, ids=asked.ids, now_us=asked.database.now_us(),
        )  # fmt: skip
    _log.info(
        "reports heard", action="reports_heard", workspace=str(workspace_id), channel=channel,
        taken=heard.taken, unknown=heard.unknown,
    )  # fmt: skip
    if heard.early:
        raise _Refused(503, "some of these messages are just being sent; tell it again", 5)
    return Taken(taken=heard.taken, repeated=heard.repeated, unknown=heard.unknown)


async def _read(
    asked: Answering, request: Request, body: bytes, channel: Channel, token: links.Token, vault: Vault
) -> list[messaging.Report]:
    """What the channel's provider signed. Raises _Refused."""
    async with asked.database.app(token.workspace_id) as tx:
        carrier = await messaging.find_provider(tx, token.workspace_id, channel, vault=vault)
    speaks = None if carrier is None else asked.reporting.get(carrier.kind)
    if carrier is None or speaks is None:
        raise _Refused(404, f"who carries {channel} now tells nothing here")
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not speaks.verify(carrier.config, headers, body, asked.now_s()):
        _log.warning("a report was not signed", action="report_refused", workspace=str(token.workspace_id))
        raise _Refused(401, "not signed with the provider's report_secret, or more than five minutes ago")
    try:
        return speaks.parse_reports(body)
    except Unreadable as exc:
        raise _Refused(400, str(exc)) from exc


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise _Refused(413, f"at most {BODY_BYTES_MAX} bytes")
    return body


def _json(value: object, status: int, retry_after_s: int | None = None) -> Response:
    more = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Response(
        msgspec.json.encode(value),
        status,
        headers=_HEADERS | more,
        media_type="application/json; charset=utf-8",
    )
