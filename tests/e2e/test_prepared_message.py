"""eSputnik's page, told from outside: a prepared message, two recipients with items of their own, status, inbox."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

MESSAGE = {
    "name": "prepared for two",
    "from": "Shop <shop@example.com>",
    "subject": "$!data.get('discount') off",
    "htmlText": "<p>#if($data.get('field_name').equals('0'))None left. #end"
    "#foreach($item in $data.get('items'))$item.get('name') $item.get('price'); #end"
    " Sum: $mathTool.add($data.get('items').get(0).get('price'), 1)$!data.get('none')</p>",
}
DATA = {
    "story.ann@example.com": {"discount": "5%", "field_name": "0", "items": [{"name": "Cup", "price": 5}]},
    "story.bob@example.com": {
        "discount": "7%", "field_name": "1", "items": [{"name": "Pot", "price": 12}, {"name": "Lid", "price": 3}]
    },
}  # fmt: skip
SAID = {
    "story.ann@example.com": ("Subject: 5% off", "None left. Cup 5; Sum: 6"),
    "story.bob@example.com": ("Subject: 7% off", "Pot 12; Lid 3; Sum: 13"),
}


def test_a_prepared_message_reaches_two_each_with_items_of_its_own(server: Any) -> None:
    api = httpx2.Client(
        base_url=f"{server.url}/api/v1", auth=("", server.create_credential("esputnik")["api_key"])
    )
    number = api.post("/messages/email", json=MESSAGE).json()["id"]
    recipients = [{"locator": email, "jsonParam": json.dumps(data)} for email, data in DATA.items()]
    began = time.monotonic()
    told = api.post(f"/message/{number}/smartsend", json={"recipients": recipients}).json()
    assert [(one["locator"], one["status"]) for one in told["results"]] == [(email, "OK") for email in DATA]
    requests = [one["requestId"] for one in told["results"]]
    while any(one["status"] != "SENT" for one in statuses(api, requests)):
        assert time.monotonic() - began < 20, statuses(api, requests)
        time.sleep(0.05)
    assert [one["requestId"] for one in statuses(api, requests)] == requests
    for request, (email, (subject, text)) in zip(requests, SAID.items(), strict=True):
        raw = server.run("message", "show", request, "--raw", "--workspace", "demo").stdout
        assert f"To: {email}" in raw and subject in raw and 'From: "Shop" <shop@example.com>' in raw
        assert text in " ".join(raw.replace("=\n", "").split())
    shown = api.get("/contacts?email=story.ann@example.com").json()
    assert [one["channels"] for one in shown] == [[{"type": "email", "value": "story.ann@example.com"}]]


def test_an_order_triggers_a_mail_with_what_was_ordered(server: Any, tmp_path: Path) -> None:
    api = httpx2.Client(
        base_url=f"{server.url}/api/v1", auth=("", server.create_credential("esputnik")["api_key"])
    )
    html = "<p>#foreach($item in $data.get('items'))$item.get('name') x $item.get('quantity'). #end</p>"
    subject = "Order $!data.get('externalOrderId'): $!data.get('totalCost')"
    api.post(
        "/messages/email", json={"name": "ordered", "subject": subject, "htmlText": html}
    ).raise_for_status()
    (tmp_path / "workflow.json").write_text(
        json.dumps(
            {
                "trigger": {"type": "event", "metric": "orderDELIVERED"},
                "start": "mail",
                "nodes": {
                    "mail": {"type": "send", "template": "ordered", "next": "end"},
                    "end": {"type": "exit"},
                },
            }
        )
    )
    server.run(
        "metric", "create", "orderDELIVERED", "--workspace", "demo", check=False
    )  # another test's may be there
    server.cli("automation", "create", "Ordered", str(tmp_path / "workflow.json"), "--workspace", "demo")
    server.cli("automation", "publish", "Ordered", "--workspace", "demo")
    order = {
        "externalOrderId": "100500", "email": "story.order@example.com", "totalCost": 990, "status": "DELIVERED",
        "date": datetime.now(UTC).isoformat(), "currency": "USD",
        "items": [{"externalItemId": "1", "name": "Super Device", "quantity": 1, "cost": 990}],
    }  # fmt: skip
    assert api.post("/orders", json={"orders": [order]}).text == ""
    began = time.monotonic()
    while not (
        sent := [
            one
            for one in server.cli("message", "list", "--workspace", "demo")
            if one["recipient"] == "story.order@example.com" and one["state"] == "accepted"
        ]
    ):
        assert time.monotonic() - began < 20
        time.sleep(0.1)
    raw = server.run("message", "show", sent[0]["id"], "--raw", "--workspace", "demo").stdout
    assert "To: story.order@example.com" in raw
    assert "Subject: Order 100500: 990" in raw
    assert "Super Device x 1." in raw


def statuses(api: httpx2.Client, requests: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/message/status", params={"ids": ",".join(requests)}).json()[
        "results"
    ]
    return found
