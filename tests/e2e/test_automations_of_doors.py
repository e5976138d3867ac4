"""What comes through SmartPush's and Yotpo's doors starts automations, decides in them, and is in their mails."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

END = {"end": {"type": "exit"}}
MAIL = {"mail": {"type": "send", "template": "edm", "next": "end"}}
GOLD = {"kind": "trait", "name": "cus_tier", "operator": "is", "value": "gold"}
LARGE = {"kind": "property", "name": "amount", "operator": "at_least", "value": 50}


class Store:
    """A workspace with a key of a dialect, and mails in its mailbox."""

    def __init__(self, server: Any, dialect: str, key: str, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._of = ("--workspace", f"store{uuid4().hex[:12]}")
        server.run("workspace", "create", self._of[1])
        shown = server.cli("credential", "create", *self._of, "--dialect", dialect)[key]
        self._headers = {"Authorization": f"Bearer {shown}"}

    def tell(self, path: str, body: Any) -> None:
        answer = httpx2.post(self._server.url + path, json=body, headers=self._headers, timeout=30)
        assert answer.status_code == 200, answer.text

    def acts(self, metric: str, nodes: Any, html: str, where: Any = None) -> None:
        """Publish an automation with its one mail."""
        trigger = {"type": "event", "metric": metric} | ({"where": where} if where else {})
        steps = {"trigger": trigger, "start": next(iter(nodes)), "nodes": nodes}
        (self._folder / "edm.html").write_text(html)
        (self._folder / "steps.json").write_text(json.dumps(steps))
        self._run(
            "template", "create", "edm", "--subject", "Thanks", "--html", str(self._folder / "edm.html")
        )
        self._run("automation", "create", "EDM", str(self._folder / "steps.json"))
        self._run("automation", "publish", "EDM")

    def mails(self, runs: int) -> dict[str, str]:
        """What was sent, by whom it is to, once so many runs are over."""
        deadline = time.monotonic() + 30
        while self._over() < runs or any(one["state"] != "accepted" for one in self._messages()):
            assert time.monotonic() < deadline, (self._over(), self._messages())
            time.sleep(0.2)
        raws = [self._run("message", "show", one["id"], "--raw") for one in self._messages()]
        return {raw.partition("To: ")[2].partition("\n")[0].strip(): raw for raw in raws}

    def _over(self) -> int:
        return int(self._server.cli("automation", "show", "EDM", *self._of)["runs"].get("finished", 0))

    def _messages(self) -> list[Any]:
        found: list[Any] = self._server.cli("message", "list", *self._of)
        return found

    def _run(self, *words: str) -> str:
        out: str = self._server.run(*words, *self._of).stdout
        return out


@pytest.fixture
def store(server: Any, tmp_path: Path) -> Callable[[str, str], Store]:
    return lambda dialect, key: Store(server, dialect, key, tmp_path)


def offline_purchase(email: str, amount: int) -> Any:
    return {
        "eventCode": "Offline Purchase",
        "email": email,
        "attributes": {"amount": amount, "shop": "Leeds"},
    }


@pytest.fixture
def smartpush(store: Callable[[str, str], Store]) -> Store:
    """A store that knows the vendor's own example of an event, and three people."""
    made = store("smartpush", "api_token")
    amount, shop = {"code": "amount", "type": "Float"}, {"code": "shop", "type": "String"}
    made.tell("/createCustomMetric", {"eventCode": "Offline Purchase", "attributes": [amount, shop]})
    for name, tier in (("ann", "gold"), ("bob", "silver"), ("cat", "gold")):
        made.tell("/createContact", {"email": f"{name}@store.example", "cus_tier": tier})
    return made


def test_a_reported_event_sends_an_edm_that_says_what_it_reported(smartpush: Store) -> None:
    smartpush.acts("Offline Purchase", MAIL | END, "<p>$!profile.cus_tier: $!data.amount in $!data.shop</p>")
    smartpush.tell("/reportCustomEvent", offline_purchase("ann@store.example", 80))
    (mail,) = smartpush.mails(runs=1).values()
    assert "gold: 80 in Leeds" in mail


def test_event_attributes_decide_who_comes_in_and_user_attributes_who_is_sent_the_edm(
    smartpush: Store,
) -> None:
    """The control is in it: of three who bought, each other one fails one of the two conditions."""
    ask = {"ask": {"type": "branch", "rule": GOLD, "yes": "mail", "no": "end"}}
    smartpush.acts("Offline Purchase", ask | MAIL | END, "<p>Hello</p>", where=LARGE)
    for name, amount in (("ann", 80), ("bob", 80), ("cat", 10)):
        smartpush.tell("/reportCustomEvent", offline_purchase(f"{name}@store.example", amount))
    assert smartpush.mails(runs=2).keys() == {"ann@store.example"}


def test_what_yotpo_tells_of_customer_and_event_stands_in_the_mail(
    store: Callable[[str, str], Store],
) -> None:
    yotpo = store("yotpo", "secret")
    yotpo.acts("birthday", MAIL | END, "<p>Level $!profile.loyalty_level: $!data.gift</p>")
    customer = {"email": "dan@store.example", "custom_properties": {"loyalty_level": 3}}
    event = {"type": "birthday", "unique_id": "b-1", "customer": customer, "properties": {"gift": "a mug"}}
    yotpo.tell("/core/v3/stores/self/customer_events", event)
    (mail,) = yotpo.mails(runs=1).values()
    assert "Level 3: a mug" in mail
