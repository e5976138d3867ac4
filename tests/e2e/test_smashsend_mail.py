"""SMASHSEND's own story: a welcome mail when `user.signup` is received, by a mail server; and a mail by a call."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.channels.servers.running import Sink, serve
from tests.e2e.conftest import Server

WORKFLOW = {
    "trigger": {"type": "event", "metric": "user.signup"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "welcome", "next": "end"}, "end": {"type": "exit"}},
}
#: As the vendor's page has it.
SIGNUP = {
    "event": "user.signup",
    "identify": {"email": "welcomed@example.com", "traits": {"firstName": "John", "lastName": "Doe"}},
    "properties": {"plan": "premium", "source": "landing_page"},
}
WELCOME = "<h1>Welcome, $!profile.first_name!</h1><p>Your plan: $!event.plan</p>"
WITHIN_S = 20


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from serve("tests.channels.servers.smtp", tmp_path_factory.mktemp("smtp"))


@pytest.fixture(scope="module")
def shop(sink: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose workspace's mail goes to the sink."""
    folder, port = tmp_path_factory.mktemp("shop"), sink.ports["accepts"]
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("CLARION_OUTBOUND_ALLOW", f"127.0.0.1:{port}")
        server = Server(folder / "data")
        server.start()
        server.run(
            "provider", "set", "email", "smtp", "host=127.0.0.1", f"port={port}", "security=none",
            "sender=hello@shop.example", "--workspace", "demo",
        )  # fmt: skip
        (folder / "welcome.html").write_text(WELCOME)
        server.cli(
            "template", "create", "welcome", "--subject", "Welcome, $!profile.first_name", "--html",
            str(folder / "welcome.html"), "--workspace", "demo",
        )  # fmt: skip
        yield server
        assert server.stop() == 0, server.log.read_text()


def took(sink: Sink, words: str) -> list[str]:
    return [row["body"] for row in sink.took("accepts") if words in row["body"]]


def awaited(sink: Sink, words: str) -> str:
    deadline = time.monotonic() + WITHIN_S
    while not (found := took(sink, words)):
        assert time.monotonic() < deadline, f"no mail with {words}"
        time.sleep(0.1)
    body: str = found[0]
    return body


def test_a_signup_is_welcomed_once_by_the_mail_server(shop: Server, sink: Sink, tmp_path: Path) -> None:
    (tmp_path / "workflow.json").write_text(json.dumps(WORKFLOW))
    shop.cli("automation", "create", "Welcome", str(tmp_path / "workflow.json"), "--workspace", "demo")
    key = shop.create_credential("smashsend")["api_key"]
    door = httpx2.Client(base_url=shop.url, headers={"Authorization": f"Bearer {key}"})
    early = SIGNUP | {"identify": {"email": "too.early@example.com"}}
    assert door.post("/v1/events", json=early).status_code == 200
    shop.settle()
    shop.cli("automation", "publish", "Welcome", "--workspace", "demo")
    assert door.post("/v1/events", json=SIGNUP).json()["success"] is True
    assert door.post("/v1/events", json=SIGNUP).json()["success"] is True, "a repeat within the day"
    mail = awaited(sink, "welcomed@example.com")
    assert "Subject: Welcome, John" in mail
    assert "Your plan: premium" in mail
    time.sleep(1.5)
    assert len(took(sink, "welcomed@example.com")) == 1, "the repeat has sent no second one"
    assert not took(sink, "too.early@example.com"), "nor did what came before the automation was live"


def test_an_email_by_a_call_is_sent_once_and_tells_what_became_of_it(shop: Server, sink: Sink) -> None:
    key = shop.create_credential("smashsend")["api_key"]
    door = httpx2.Client(base_url=shop.url, headers={"Authorization": f"Bearer {key}"})
    wish = {
        "from": "Shop <orders@shop.example>", "to": "called@example.com", "subject": "Your order has shipped!",
        "html": "<h1>Great news!</h1><p>Order #12345</p>", "replyTo": ["a@shop.example", "b@shop.example"],
        "groupBy": "order-shipped", "idempotencyKey": "order-12345",
    }  # fmt: skip
    first = door.post("/v1/emails", json=wish)
    assert first.status_code == 200, first.text
    assert door.post("/v1/emails", json=wish).json() == first.json()
    mail = awaited(sink, "called@example.com")
    for line in (
        'From: "Shop" <orders@shop.example>',
        "Subject: Your order has shipped!",
        "X-Tag: order-shipped",
    ):
        assert line in mail
    assert "Reply-To: a@shop.example,\r\n b@shop.example" in mail
    path = f"/v1/emails/{first.json()['email']['messageId']}"
    deadline = time.monotonic() + WITHIN_S
    while (told := door.get(path).json()["email"])["status"] != "SENT":
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    assert told == first.json()["email"] | {"from": "orders@shop.example", "status": "SENT"}
    shown = shop.run("message", "show", told["messageId"], "--raw", "--workspace", "demo", check=False)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "went by smtp" in shown.stderr and "explain" in shown.stderr, "and not only: not in the mailbox"
    by_template = {"template": "welcome", "to": "templated@example.com"}
    assert door.post("/v1/emails", json=by_template).status_code == 200
    awaited(sink, "templated@example.com")
    assert len(took(sink, "called@example.com")) == 1
