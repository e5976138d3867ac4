"""A marketing mail through a real mail server, the link in its header, and what mail programs do with it."""

import email
import email.policy
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.channels.servers.running import Sink, serve
from tests.e2e.conftest import ROOT, Server

HTML = '<p>News of $!data.get("what"): <a href="https://shop.example/$!data.get(\'what\')">see</a></p>'
DSN = """From: MAILER-DAEMON@mx.example.com
To: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ann@example.com
Action: failed
Status: 5.1.1

--b--
"""


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from serve("tests.channels.servers.smtp", tmp_path_factory.mktemp("smtp"))


class Shop:
    """A server whose workspace sends by the sink: an event `news` has marketing sent, an event `order` a receipt."""

    def __init__(self, server: Server, sink: Sink, folder: Path) -> None:
        self.server, self._sink = server, sink
        self._events = 0
        html = folder / "mail.html"
        html.write_text(HTML)
        self._run("workspace", "create", "shop")
        self._run(
            "provider", "set", "email", "smtp", "host=127.0.0.1", f"port={sink.ports['accepts']}", "security=none",
            "sender=news@shop.example", "sender_name=The Shop", "bounce_address=bounces@b.shop.example",
        )  # fmt: skip
        self._run("rule", "set", "email", "--track-opens", "--track-clicks")
        for metric, kind in (("news", "marketing"), ("order", "transactional")):
            flags = ["--transactional"] if kind == "transactional" else []
            self._run("template", "create", metric, "--subject", metric, "--html", str(html), *flags)
            send = {"type": "send", "template": metric, "message_class": kind, "next": "end"}
            steps = {
                "trigger": {"type": "event", "metric": metric},
                "start": "mail",
                "nodes": {"mail": send, "end": {"type": "exit"}},
            }
            (folder / f"{metric}.json").write_text(json.dumps(steps))
            self._run("metric", "create", metric)
            self._run("automation", "create", metric, str(folder / f"{metric}.json"))
            self._run("automation", "publish", metric)
        self._key = server.cli("credential", "create", "--workspace", "shop", "--dialect", "smashsend")[
            "api_key"
        ]

    def _run(self, *words: str) -> None:
        self.server.run(*words, "--workspace", "shop") if words[0] != "workspace" else self.server.run(*words)

    def messages(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.server.cli("message", "list", "--workspace", "shop")
        return listed

    def after(self, event: str) -> dict[str, Any]:
        """What became of the message that an event caused."""
        self._events += 1
        answer = httpx2.post(
            f"{self.server.url}/v1/events",
            json={
                "event": event, "identify": {"email": "ann@example.com"}, "properties": {"what": "shoes"},
                "messageId": f"event {self._events}",
            },
            headers={"authorization": f"Bearer {self._key}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        until = time.monotonic() + 20
        while len(found := self.messages()) < self._events or found[0]["state"] in ("planned", "attempting"):
            assert time.monotonic() < until, found
            time.sleep(0.2)
        return found[0]

    def mails(self) -> list[dict[str, Any]]:
        return self._sink.took("accepts")


@pytest.fixture
def shop(
    new_server: Callable[[], Server], sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    monkeypatch.setenv("CLARION_OUTBOUND_ALLOW", f"127.0.0.1:{sink.ports['accepts']}")
    monkeypatch.setenv("CLARION_PUBLIC_URL", "https://mail.shop.example")
    server = new_server()
    server.start()
    return Shop(server, sink, tmp_path)


def read(row: dict[str, Any]) -> Any:
    return email.message_from_string(row["body"], policy=email.policy.default)


def test_from_the_header_of_a_mail_to_no_more_marketing_and_from_its_bounce_to_nothing(shop: Shop) -> None:
    assert shop.after("news")["state"] == "accepted"
    (row,) = shop.mails()
    mail = read(row)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = urlsplit(mail["List-Unsubscribe"].strip("<>"))
    assert (url.scheme, url.netloc) == ("https", "mail.shop.example")
    here = f"{shop.server.url}{url.path}"

    page = httpx2.get(here)
    assert page.status_code == 200 and "The Shop" in page.text and "ann@example.com" not in page.text
    assert shop.after("news")["state"] == "accepted", "a GET never acts"

    done = httpx2.post(here, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.cookies) == (200, {})
    stopped = shop.after("news")
    assert (stopped["state"], stopped["reason"]) == ("suppressed", "unsubscribed")
    assert shop.after("order")["state"] == "accepted", "a receipt still goes"
    assert read(shop.mails()[-1])["List-Unsubscribe"] is None

    assert httpx2.post(here.replace("unsubscribe", "subscribe")).status_code == 200
    assert shop.after("news")["state"] == "accepted"

    html = read(shop.mails()[-1]).get_body(("html",)).get_content()
    (pixel,) = re.findall(r'<img src="https://mail.shop.example([^"]+)"', html)
    (click,) = [unescape(one) for one in re.findall(r'href="https://mail.shop.example([^"]+)"', html)]
    assert httpx2.get(shop.server.url + pixel).headers["content-type"] == "image/gif"
    led = httpx2.get(shop.server.url + click, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (302, "https://shop.example/shoes")
    shop.server.settle()
    told = shop.server.cli("event", "list", "--workspace", "shop")
    assert {"email_opened", "email_clicked"} <= {one["name"] for one in told}

    bounced = _hand_in(shop, DSN.format(to=shop.mails()[-1]["from"].strip("<>")))
    assert bounced.returncode == 0, bounced.stderr
    settled = json.loads(bounced.stdout)
    assert (settled["state"], settled["hard"], settled["new"]) == ("bounced", True, True)
    nothing = shop.after("order")
    assert (nothing["state"], nothing["reason"]) == ("suppressed", "hard_bounce")
    shown = shop.server.cli("message", "explain", settled["message_id"], "--workspace", "shop")
    assert shown["message"]["state"] == "bounced" and shown["opened_at"] and shown["clicked_at"]
    assert [(one["state"], one["by"]) for one in shown["reports"]] == [("bounced", "mail")]

    forged = _hand_in(shop, DSN.format(to=f"bounces+{'a' * 40}@b.shop.example"))
    assert (forged.returncode, forged.stdout) == (1, "")
    assert "no message of ours" in forged.stderr


def _hand_in(shop: Shop, mail: str) -> "subprocess.CompletedProcess[str]":
    """As a mail server does: on standard input, and without saying of which workspace it is."""
    return subprocess.run(
        [ROOT / "run", "message", "bounce", "--json", "--data", str(shop.server.data)],
        input=mail, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
