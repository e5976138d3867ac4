"""From an event through eSputnik's door to the mail, as its page tells it: template, workflow, event, inbox."""

import json
import time
from pathlib import Path
from typing import Any

import httpx2

HTML = (
    '<p>Your discount: $!data.get("discount"). <a href="$!data.get(\'link\')">Here</a>$!data.get("none")</p>'
)
WORKFLOW = {
    "trigger": {"type": "event", "metric": "dynamicEvent"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "discount", "next": "end"}, "end": {"type": "exit"}},
}
EVENT = {
    "eventTypeKey": "dynamicEvent",
    "keyValue": "first.mail@example.com",
    "params": [{"name": "discount", "value": "5%"}, {"name": "link", "value": "https://shop.example/5"}],
}


def messages(server: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = server.cli("message", "list", "--workspace", "demo")
    return listed


def test_an_event_becomes_the_mail_with_what_it_said(server: Any, tmp_path: Path) -> None:
    (tmp_path / "mail.html").write_text(HTML)
    (tmp_path / "workflow.json").write_text(json.dumps(WORKFLOW))
    server.cli(
        "template", "create", "discount", "--subject", "$!data.get('discount') off", "--html",
        str(tmp_path / "mail.html"), "--workspace", "demo",
    )  # fmt: skip
    server.cli("automation", "create", "Discount", str(tmp_path / "workflow.json"), "--workspace", "demo")
    key = server.create_credential("esputnik")["api_key"]
    tell = f"{server.url}/api/v1/event"
    assert (
        httpx2.post(tell, json=EVENT | {"keyValue": "too.early@example.com"}, auth=("", key)).status_code
        == 200
    )
    server.settle()
    server.cli("automation", "publish", "Discount", "--workspace", "demo")
    assert httpx2.post(tell, json=EVENT, auth=("", key)).status_code == 200
    assert httpx2.post(tell, json=EVENT, auth=("", key)).status_code == 200, "a repeat within the minute"
    deadline = time.monotonic() + 20
    while not (sent := [one for one in messages(server) if one["state"] == "accepted"]):
        assert time.monotonic() < deadline, messages(server)
        time.sleep(0.2)
    (mail,) = sent
    raw = server.run("message", "show", mail["id"], "--raw", "--workspace", "demo").stdout
    assert "To: first.mail@example.com" in raw
    assert "Subject: 5% off" in raw
    assert "Your discount: 5%. Here" in raw, "the text is made from the HTML"
    time.sleep(1)
    assert len(messages(server)) == 1, "neither the early event nor the repeat has sent one"
