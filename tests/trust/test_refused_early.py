"""Who is refused before his body was read hears the vendor's answer whole, on a connection that he can use again.

The control: with the line `await incoming.drop()` taken out of serve/http.py all of these but the last fail, with
"Connection: close" or a broken pipe.
"""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from torture import storage
from torture.client import HOST
from torture.served import Served

pytestmark = pytest.mark.timeout(120)

TRIES = 40
BODY = json.dumps({"events": [{"event": "a.b", "properties": {"said": "x" * 60_000}}]}).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(tmp_path_factory.mktemp("refused") / "data")
    running.start()
    yield running
    assert running.stop() == 0, running.log[-5_000:]


@pytest.fixture(scope="module")
def spent(served: Served) -> str:
    """A key that has used up its one batch a minute, with one that was too long an event."""
    (tenant,) = asyncio.run(storage.make_tenants(served.data, ["spent"], rate=1))
    assert ask_often(served, "/v1/events/batch", f"Bearer {tenant.key}", tries=1) == {(400, None): 1}
    return f"Bearer {tenant.key}"


def ask_often(
    served: Served, path: str, key: str, *, tries: int = TRIES, chunked: bool = False
) -> dict[tuple[int, str | None], int]:
    """Statuses and what was said of the connection, which is one and the same for all requests."""
    heard: dict[tuple[int, str | None], int] = {}
    connection = http.client.HTTPConnection(HOST, served.port, timeout=20)
    connection.connect()
    opened = connection.sock
    for _ in range(tries):
        body = iter([BODY[:10], BODY[10:]]) if chunked else BODY
        headers = {"Authorization": key, "Content-Type": "application/json"}
        connection.request("POST", path, body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        assert json.loads(answer.read())
        said = answer.status, answer.getheader("connection")
        heard[said] = heard.get(said, 0) + 1
        assert connection.sock is opened, said
    connection.close()
    return heard


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_over_the_rate_every_answer_is_heard_on_one_connection(served: Served, spent: str, chunked: bool):
    assert ask_often(served, "/v1/events/batch", spent, chunked=chunked) == {(429, None): TRIES}


@pytest.mark.parametrize(
    "path", ["/v1/events/batch", "/api/v1/event", "/createContact", "/manage/v1/credentials"]
)
def test_without_a_key_every_answer_is_heard_on_one_connection(served: Served, path: str):
    assert ask_often(served, path, "Bearer nobody") == {(401, None): TRIES}


def test_at_a_path_that_is_not_there_every_answer_is_heard_on_one_connection(served: Served):
    assert ask_often(served, "/v1/nothing", "Bearer nobody") == {(404, None): TRIES}


def test_who_waits_to_be_asked_for_his_body_is_not(served: Served, spent: str):
    """He hears the answer at once, and is not told to continue."""
    head = f"POST /v1/events/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {spent}\r\n"
    with socket.create_connection((HOST, served.port), timeout=20) as caller:
        caller.sendall(f"{head}Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n".encode())
        assert caller.recv(12) == b"HTTP/1.1 429"
