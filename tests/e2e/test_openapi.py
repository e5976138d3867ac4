"""What every OpenAPI says holds for requests that nobody thought of; `./run torture openapi` sends many more."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clarion.dialects import DIALECTS
from torture import fuzz
from torture.surfaces import SURFACES, Caller, Surface

CASES = 1_000  # to each surface: 2,000 in all
SEED = 20_260_115


@pytest.fixture(scope="module")
def owner(server: Any) -> Caller:
    return server.new_owner()  # type: ignore[no-any-return]


def test_every_dialect_is_a_surface() -> None:
    assert set(SURFACES) == {*DIALECTS, "manage"}


@pytest.mark.timeout(280)
@pytest.mark.parametrize("name", SURFACES)
def test_made_up_requests_are_answered_as_the_openapi_says(owner: Caller, name: str) -> None:
    report = fuzz.fuzz(SURFACES[name], owner, CASES, SEED)
    assert report.cases >= CASES
    assert report.faults == {}
    operations = fuzz.openapi_of(SURFACES[name], owner)["paths"].values()
    assert len(report.operations) == sum(len(methods) for methods in operations)
    assert report.statuses[200] > CASES / 10, "most are refused before they reach anything"


def without(described: Any, status: str) -> None:
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["responses"].pop(status, None)


def of_another_shape(described: Any) -> None:
    described["components"]["schemas"]["Contact"]["properties"]["createdAt"] = {"type": "integer"}


@pytest.mark.parametrize(
    ("spoil", "word"),
    [(lambda described: without(described, "404"), "Undocumented status code"), (of_another_shape, "schema")],
    ids=["a status is missing", "another shape"],
)
def test_control_an_openapi_that_lies_is_found_out(owner: Caller, spoil: Any, word: str) -> None:
    described = fuzz.openapi_of(SURFACES["smashsend"], owner)
    spoil(described)
    report = fuzz.fuzz(SURFACES["smashsend"], owner, 100, SEED, described)
    assert any(word in kind for kind in report.faults), report.faults


@pytest.fixture
def broken() -> Iterator[Caller]:
    """A server that answers 500."""

    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(500)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Caller(f"http://127.0.0.1:{server.server_port}", "key")
    server.shutdown()
    server.server_close()


def test_control_a_5xx_is_found_out(broken: Caller) -> None:
    responses = {status: {"description": "Any."} for status in ("200", "500")}
    parameter = {"name": "n", "in": "query", "schema": {"type": "integer"}}
    described = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/x": {"get": {"parameters": [parameter], "responses": responses}}},
    }
    surface = Surface("", "", lambda _caller, _owner: {})
    report = fuzz.fuzz(surface, broken, 5, SEED, described)
    assert any("Server error" in kind for kind in report.faults), report.faults
