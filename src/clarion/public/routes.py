"""The routes of these pages."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from clarion.errors import Unavailable
from clarion.public import front, recipients, reports
from clarion.public.docs import Docs
from clarion.public.html import STYLE_HASH
from clarion.public.port import Answering, AskReadiness, Front, Readiness

#: A monitor waits for its answer; the database's silence is one too.
_READINESS_S = 5.0

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PAGE = _EVERYWHERE | {
    "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; img-src 'self' data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-cache",
}
_API = _EVERYWHERE | {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "no-store",
}
_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def routes(
    *,
    shown: Front,
    readiness: AskReadiness,
    registry: CollectorRegistry,
    docs: Mapping[str, str],
    documents: Mapping[str, Any],
    answering: Answering | None = None,
) -> list[Route]:
    """All routes of this room. `docs` is Markdown by path under docs/ (`docs.read()`, and what is made at
    start), `documents` what is served there as JSON. `answering` None: nobody answers to messages here.
    """
    written = {path: msgspec.json.encode(value) for path, value in documents.items()}
    pages = Docs(docs)
    tls = _TLS if shown.tls else {}

    async def home(request: Request) -> Response:
        return HTMLResponse(front.page(shown, await _asked(readiness)), headers=_PAGE | tls)

    async def page(request: Request) -> Response:
        path = request.path_params["path"]
        if path in written:
            return Response(written[path], headers=_EVERYWHERE | tls, media_type="application/json")
        found = pages.page(path)
        if found is None:
            return HTMLResponse(pages.missing(), 404, headers=_PAGE | tls)
        return HTMLResponse(found, headers=_PAGE | tls)

    async def to_docs(request: Request) -> Response:
        return RedirectResponse("/docs/", 308, headers=_PAGE | tls)

    async def healthz(request: Request) -> Response:
        return _json({"status": "alive"}, 200, tls)

    async def readyz(request: Request) -> Response:
        found = await _asked(readiness)
        return _json(found, 200, tls) if found.ready else _json(found, 503, tls | {"Retry-After": "5"})

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), headers=_API | tls, media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/", home),
        Route("/docs", to_docs),
        Route("/docs/{path:path}", page),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        *([] if answering is None else [reports.route(answering), *recipients.routes(answering)]),
    ]


async def not_found(request: Request, exc: Exception) -> Response:
    """Starlette's exception handler for a path behind no door."""
    return _json({"error": "no such path; GET /docs/ lists what is served"}, 404, {})


async def method_not_allowed(request: Request, exc: Exception) -> Response:
    """Starlette's exception handler for a known path with another method."""
    allow = (exc.headers or {}) if isinstance(exc, HTTPException) else {}
    return _json({"error": "this path is not served with that method"}, 405, dict(allow))


async def _asked(readiness: AskReadiness) -> Readiness:
    try:
        return await asyncio.wait_for(readiness(), _READINESS_S)
    except (TimeoutError, Unavailable):
        return Readiness(ready=False, database="down")


def _json(value: object, status: int, headers: Mapping[str, str]) -> Response:
    return Response(
        msgspec.json.encode(value),
        status,
        headers={**_API, **headers},
        media_type="application/json; charset=utf-8",
    )
