"""The public pages: what they say, what they must not say, and that no path reaches the file system."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urljoin

import pytest
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette

from clarion import public
from clarion.dialects import DIALECTS
from clarion.errors import Unavailable
from clarion.public import Disk, Example, Front, Readiness
from clarion.public import docs as docs_

READY = Readiness(
    ready=True,
    database="up",
    migrations="done",
    backlog=1234,
    oldest_s=2.6,
    disk=Disk(used_percent=40.5),
    warnings=["the disk is <nearly> full"],
)
EXAMPLE = Example(
    title="Some <vendor>", key_command="clarion credential create", curl='curl -H "x: $CLARION_KEY"'
)
DOCS = {
    "index.md": "# Clarion's docs\n\nRead [settings](reference/configuration.md#port).",
    "reference/configuration.md": "<!-- made -->\n# `Configuration` & more\n\n## port\n\n[up](../index.md) "
    "[out](https://example.com/a.md)\n\n<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
}


class Answer(Struct):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str


async def get(app: Starlette, path: str, method: str = "GET") -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:]).decode())


def app(
    readiness: Readiness | Callable[[], Awaitable[Readiness]] = READY,
    *,
    local: bool = True,
    tls: bool = False,
) -> Starlette:
    async def told() -> Readiness:
        return readiness if isinstance(readiness, Readiness) else await readiness()

    registry = CollectorRegistry()
    Counter("clarion_test", "Counted.", registry=registry).inc()
    shown = Front(version="9.8.7", local=local, tls=tls, examples=(EXAMPLE,))
    return Starlette(
        routes=[*public.routes(shown=shown, readiness=told, registry=registry, docs=DOCS, documents={})],
        exception_handlers={404: public.not_found, 405: public.method_not_allowed},
    )


async def test_the_front_page_tells_the_state_and_what_to_try() -> None:
    answer = await get(app(), "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "9.8.7" in answer.body
    assert "ready, 1,234 items waiting, the oldest for 3 s" in answer.body
    assert "the disk is &lt;nearly&gt; full" in answer.body
    assert "Some &lt;vendor&gt;" in answer.body
    assert "$(clarion credential create)" in answer.body


async def test_other_machines_are_not_told_the_version_nor_the_backlog() -> None:
    answer = await get(app(local=False), "/")
    assert "9.8.7" not in answer.body
    assert "1,234" not in answer.body
    assert "nearly" not in answer.body


async def test_pages_load_nothing_and_run_nothing() -> None:
    for path in ("/", "/docs/", "/docs/reference/configuration", "/docs/none"):
        answer = await get(app(), path)
        style = re.search(r"<style>(.*?)</style>", answer.body, re.DOTALL)
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "<script" not in answer.body
        assert "strict-transport-security" not in answer.headers


async def test_https_is_asked_for_again_where_it_is_spoken() -> None:
    answer = await get(app(tls=True), "/")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_docs_link_to_each_other() -> None:
    index = await get(app(), "/docs/")
    assert '<a href="reference/configuration#port">settings</a>' in index.body
    assert '<a href="/docs/reference/configuration">Configuration &amp; more</a>' in index.body
    page = await get(app(), "/docs/reference/configuration")
    assert '<h2 id="port">port</h2>' in page.body
    assert '<a href="../">up</a>' in page.body
    assert 'href="https://example.com/a.md"' in page.body
    assert '<a href="/docs/reference/configuration" aria-current="page">' in page.body
    assert "made -->" not in page.body
    assert "<td>1</td>" in page.body


@pytest.mark.parametrize(
    "path", ["/docs/../pyproject", "/docs/%2e%2e/x", "/docs//etc/passwd", "/docs/reference", "/docs/x"]
)
async def test_only_pages_are_found(path: str) -> None:
    assert (await get(app(), path)).status == 404


def test_the_project_has_docs() -> None:
    assert "reference/configuration.md" in docs_.read()


def test_links_of_the_projects_own_pages_lead_to_pages() -> None:
    """Seen to fail while links to the tutorial's script and to files beside docs/ were links."""
    pages = docs_.Docs(docs_.read())
    shown, waiting = {}, [""]
    while waiting:
        url = waiting.pop()
        shown[url] = pages.page(url)
        assert shown[url] is not None, url
        for href in re.findall(r'href="([^"#]+)', shown[url].split("<main>")[1]):
            to = urljoin(f"/docs/{url}", href).removeprefix("/docs/")
            if "://" not in to and to not in shown and to.split("/")[0] not in DIALECTS:
                waiting.append(to)
    assert "sh docs/tutorial/first-messages.sh" in shown["tutorial/first-messages.sh"]


async def test_alive() -> None:
    answer = await get(app(), "/healthz")
    assert (answer.status, answer.body) == (200, '{"status":"alive"}')


async def test_ready() -> None:
    answer = await get(app(), "/readyz")
    assert answer.status == 200
    told = json.loads(answer.body)
    assert (told["ready"], told["database"], told["migrations"]) == (True, "up", "done")
    assert (told["backlog"], told["oldest_s"], told["disk"]["used_percent"]) == (1234, 2.6, 40.5)


async def away() -> Readiness:
    raise Unavailable("the database cannot be reached")


async def silent() -> Readiness:
    raise TimeoutError


@pytest.mark.parametrize("readiness", [away, silent, Readiness(ready=False, database="down")])
async def test_not_ready(readiness: Any) -> None:
    answer = await get(app(readiness), "/readyz")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert json.loads(answer.body)["database"] == "down"
    assert "the database does not answer" in (await get(app(readiness), "/")).body


async def test_metrics() -> None:
    answer = await get(app(), "/metrics")
    assert "clarion_test_total 1.0" in answer.body
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(("path", "method", "status"), [("/nothing", "GET", 404), ("/readyz", "POST", 405)])
async def test_what_is_not_there_is_said_in_json(path: str, method: str, status: int) -> None:
    answer = await get(app(), path, method)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "error" in json.loads(answer.body)
