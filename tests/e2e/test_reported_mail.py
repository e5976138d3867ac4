"""What SmartPush's and Yotpo's pages build on their calls: an event that was reported, and the mail that it starts."""

import json
import time
from pathlib import Path
from typing import Any

import httpx2

THANKS = {"mail": {"type": "send", "template": "thanks", "next": "end"}, "end": {"type": "exit"}}
OFFLINE = {
    "trigger": {
        "type": "event",
        "metric": "offline_purchase",
        "where": {"kind": "property", "name": "total", "operator": "at_least", "value": 20},
    },
    "start": "gold",
    "nodes": {
        "gold": {
            "type": "branch",
            "rule": {"kind": "trait", "name": "cus_tier", "operator": "is", "value": "gold"},
            "yes": "mail",
            "no": "end",
        },
        **THANKS,
    },
}
SHIPPED = {
    "trigger": {"type": "event", "metric": "order_shipped"},
    "start": "mail",
    "nodes": {"mail": {"type": "send", "template": "shipped", "next": "end"}, "end": {"type": "exit"}},
}


def new_key(server: Any, dialect: str) -> str:
    words = ("credential", "create", "--workspace", "demo", "--dialect", dialect, "--bare")
    key: str = server.run(*words).stdout.strip()
    return key


def automation(server: Any, folder: Path, template: str, words: str, definition: Any) -> None:
    """Live, with its template of the subject alone."""
    (folder / "mail.html").write_text(f"<p>{words}</p>")
    (folder / "steps.json").write_text(json.dumps(definition))
    server.run("template", "create", template, "--subject", words, "--html", str(folder / "mail.html"))
    server.run("automation", "create", template, str(folder / "steps.json"))
    server.run("automation", "publish", template)


def subjects(server: Any, expected: int) -> list[tuple[str, str]]:
    """To whom which mail went, once there are so many."""
    deadline = time.monotonic() + 20
    while (
        len(sent := [one for one in server.cli("message", "list") if one["state"] == "accepted"]) < expected
    ):
        assert time.monotonic() < deadline, server.cli("message", "list")
        time.sleep(0.2)
    raws = [(one["recipient"], server.run("message", "show", one["id"], "--raw").stdout) for one in sent]
    return sorted((to, raw.split("Subject: ")[1].splitlines()[0]) for to, raw in raws)


def report(server: Any, contacts: tuple[tuple[str, str, float], ...]) -> None:
    """Through SmartPush's calls: the event is defined, and each contact made, who then bought for so much."""
    key = new_key(server, "smartpush")

    def call(path: str, body: Any) -> None:
        answer = httpx2.post(f"{server.url}{path}", json=body, headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 200, answer.text

    total = {"code": "total", "type": "Float"}
    call("/createCustomMetric", {"eventCode": "offline_purchase", "attributes": [total]})
    for name, tier, paid in contacts:
        email = f"{name}@example.com"
        call("/createContact", {"email": email, "cus_tier": tier})
        call(
            "/reportCustomEvent",
            {"eventCode": "offline_purchase", "email": email, "attributes": {"total": paid}},
        )


def test_an_edm_is_sent_when_an_offline_purchase_occurs(new_server: Any, tmp_path: Path) -> None:
    server = new_server()
    server.start()
    bare = {"trigger": {"type": "event", "metric": "offline_purchase"}, "start": "mail", "nodes": THANKS}
    automation(server, tmp_path, "thanks", "Thanks for $!data.get('total')", bare)
    report(server, (("any", "none", 5.5),))
    assert subjects(server, 1) == [("any@example.com", "Thanks for 5.5")]


def test_filters_on_event_and_contact_decide_who_gets_it(new_server: Any, tmp_path: Path) -> None:
    """One of three. The control: with `no` of the branch leading to the mail, the second contact gets one, too."""
    server = new_server()
    server.start()
    automation(server, tmp_path, "thanks", "Thanks for $!data.get('total')", OFFLINE)
    report(server, (("plain", "none", 25.5), ("small", "gold", 5.5), ("gold", "gold", 25.5)))
    assert subjects(server, 1) == [("gold@example.com", "Thanks for 25.5")]
    server.settle()
    time.sleep(1)
    assert subjects(server, 1) == [("gold@example.com", "Thanks for 25.5")], "nobody else, later either"


def test_metadata_of_the_customer_and_of_the_event_personalise_the_mail(
    new_server: Any, tmp_path: Path
) -> None:
    server = new_server()
    server.start()
    automation(
        server, tmp_path, "shipped", "$!data.get('carrier') for level $!profile.loyalty_level", SHIPPED
    )
    key = new_key(server, "yotpo")
    event = {
        "type": "order_shipped", "unique_id": "1", "properties": {"carrier": "DHL"},
        "customer": {"external_id": "7", "email": "ann@example.com", "custom_properties": {"loyalty_level": 3}},
    }  # fmt: skip
    told = httpx2.patch(
        f"{server.url}/core/v3/stores/self/customer_events", json=event, headers={"x-yotpo-token": key}
    )
    assert told.status_code == 200, told.text
    assert subjects(server, 1) == [("ann@example.com", "DHL for level 3")]
