"""Canaries go in: through the vendor's door, through the management API, and behind both."""

import base64
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
from msgspec import Struct

from clarion import config
from clarion.accounts import load_data_key
from clarion.app import rooms
from clarion.channels.webhook import signature
from clarion.db.engine import borrowed
from clarion.dialects import DIALECTS
from clarion.events.journal import pack_block
from clarion.model import Event, Identity, IdentityKind, Source
from tests.e2e.conftest import Server
from tests.trust.canaries import NEVER, SEALED
from torture.served import Served


class Keys(Struct):
    """Secrets that the server made."""

    shop: str
    management: str

    def as_canaries(self) -> dict[str, str]:
        # Their first characters are shown on purpose.
        return {"the shop's key": self.shop[16:], "the management token": self.management[16:]}


def plant(served: Served, keys: Keys) -> None:
    """Everything through the door, as callers would send it."""
    client = selling(served, keys)

    def send(status: int, path: str, body: Any, **headers: str) -> None:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = client.post(
            path, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        assert answer.status_code == status, (path, answer.text)

    who = {"email": SEALED["identify.email"]}
    first = {
        "event": "bird.seen",
        "identify": who | {"traits": {"firstName": SEALED["traits.firstName before it changed"]}},
        "messageId": NEVER["messageId of a repeat"],
    }
    send(200, "/v1/events", first)
    served.until_drained(30)
    again = {"identify": who | {"traits": {"firstName": NEVER["a duplicate's trait"]}}}
    send(200, "/v1/events", first | again)
    send(200, "/v1/events", _full_event(), user_agent=NEVER["the User-Agent"], cookie=f"a={NEVER['a cookie']}",
         x_other=NEVER["another header"])  # fmt: skip
    good = {"event": "bird.seen", "identify": {"email": SEALED["identify.email of a batch"]}}
    foreign = {"event": "bird.seen", "identify": {"email": SEALED["an international identify.email"]}}
    refused = good | {"timestamp": SEALED["a refused event of a batch"]}
    send(207, "/v1/events/batch",
         {"events": [good | {"messageId": NEVER["messageId of a batch"]}, refused, foreign]})  # fmt: skip
    served.until_drained(30)
    with managing(served, keys) as manage:
        plant_written(served, manage)
        plant_contacts(client, manage)
        plant_at_the_second_door(served, manage)
        plant_at_the_third_door(served, manage)
        plant_at_an_apps_door(served, manage)
        plant_erased(client, manage)
        _plant_providers(manage)
        _plant_acting(served, client, manage)
        _plant_answers(served, manage)
        _refused(client, send)
        nobody = manage.post(
            "/profiles/find", json={"email": NEVER["an e-mail that nobody has, searched for"]}
        )
        unknown = manage.post("/profiles/find", json={NEVER["a management call's unknown field"]: 1})
        path = manage.get(f"/profiles/{NEVER['a management path']}")
        assert (nobody.status_code, unknown.status_code, path.status_code) == (404, 400, 404)
        for email_ in (SEALED["identify.email"], SEALED["identify.email of a batch"]):
            assert manage.post("/profiles/find", json={"email": email_}).status_code in (200, 404)
        wrong = {"authorization": f"Bearer {NEVER['a management token that is none']}"}
        assert manage.get("/workspace", headers=wrong).status_code == 401
    client.close()


def selling(served: Served, keys: Keys) -> httpx2.Client:
    """A caller of the vendor's API."""
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{served.port}",
        headers={"authorization": f"Bearer {keys.shop}"},
        timeout=30,
    )


def managing(served: Served, keys: Keys) -> httpx2.Client:
    """A caller of the management API."""
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{served.port}/manage/v1",
        headers={"authorization": f"Bearer {keys.management}"},
        timeout=30,
    )


def plant_written(served: Served, manage: httpx2.Client) -> None:
    """Mails to the one who is to be erased, before anybody knows them: by a caller, and to try the provider."""
    key = manage.post("/credentials", json={"dialect": "esputnik"}).json()["api_key"]
    theirs, words = (
        SEALED[f"an erased person's {what}"] for what in ("email", "message before they were known")
    )
    mail = {"from": "a@birds.example", "subject": "Birds", "htmlText": words, "emails": [theirs]}
    url = f"http://127.0.0.1:{served.port}/api/v1/message/email"
    answer = httpx2.post(url, json=mail, auth=("user", key))
    assert answer.status_code == 200, answer.text
    tried = manage.post("/providers/email/test", json={"to": theirs})
    assert tried.json()["state"] == "accepted", tried.text
    give_up_at = time.monotonic() + 20
    while not any(one["state"] == "accepted" for one in _sent(manage)):
        assert time.monotonic() < give_up_at, _sent(manage)
        time.sleep(0.1)


def plant_contacts(client: httpx2.Client, manage: httpx2.Client) -> None:
    """What is written at once: contacts, e-mails that changed, a personal trait, merged and parted people."""

    def put(email_: str, **properties: Any) -> str:
        """The profile's id."""
        answer = client.post("/v1/contacts", json={"properties": {"email": email_} | properties})
        assert answer.status_code == 200, answer.text
        shown: str = answer.json()["contact"]["id"]
        return shown

    defined = manage.put("/traits/secret", json={"type": "text", "personal": True})
    assert defined.status_code == 200, defined.text
    first = put(
        SEALED["a contact's email that another took the place of"],
        firstName=SEALED["a contact's firstName"],
        secret=SEALED["a contact's trait that was defined as personal"],
    )
    changed = client.put(f"/v1/contacts/{first}", json={"properties": {"email": SEALED["a contact's email"]}})
    assert changed.status_code == 200, changed.text
    number = "+" + SEALED["a contact's phone in a batch"]
    batch = [{"properties": {"email": "bird@birds.example", "phone": number}}]
    assert client.post("/v1/contacts/batch", json={"contacts": batch}).status_code == 200
    refused = {"properties": {"email": "no e-mail", "firstName": NEVER["a refused contact's trait"]}}
    assert client.post("/v1/contacts", json=refused).status_code == 400
    found = client.get("/v1/contacts/search", params={"email": NEVER["a contact searched for"]})
    assert found.json() == {"contact": None}
    nobody = client.delete(f"/v1/contacts/by-email/{NEVER['an e-mail in a path']}")
    assert nobody.status_code == 404, nobody.text

    second = put(SEALED["a merged person's email"], firstName=SEALED["a merged person's trait that gave way"])
    one, other = (f"prf_{shown.partition('_')[2]}" for shown in (first, second))
    merged = manage.post(f"/profiles/{other}/merge", json={"other_id": one})
    assert merged.status_code == 200, merged.text
    put(SEALED["a merged person's email"], lastName=SEALED["an un-merged person's change"])
    parted = manage.post(f"/profiles/{other}/unmerge")
    assert parted.status_code == 200, parted.text
    assert manage.post(f"/profiles/{one}/export").status_code == 200
    made = manage.post("/suppressions", json={"values": [SEALED["a suppressed address"]]})
    assert made.status_code == 200, made.text
    listed = manage.post("/lists", json={"name": "birds"})
    assert listed.status_code == 201, listed.text
    added = manage.post(f"/lists/{listed.json()['id']}/members/add", json={"profile_ids": [one]})
    assert added.status_code == 200, added.text
    made = client.get("/v1/api-keys/current")
    assert made.status_code == 200, made.text


def plant_at_the_second_door(served: Served, manage: httpx2.Client) -> None:
    """eSputnik's: an event, one that is refused, an import and an order."""
    key = manage.post("/credentials", json={"dialect": "esputnik"}).json()["api_key"]
    with httpx2.Client(base_url=f"http://127.0.0.1:{served.port}/api/v1", auth=("user", key)) as door:
        told = {
            "ContactEmail": SEALED["an e-mail among eSputnik's params"],
            "externalCustomerId": SEALED["a customer's id among eSputnik's params"],
        }
        event = {
            "eventTypeKey": "bird.rang",
            "keyValue": NEVER["a keyValue beside an e-mail among the params"],
            "params": [{"name": name, "value": value} for name, value in told.items()],
        }
        assert door.post("/event", json=event).status_code == 200
        refused = event | {"keyValue": SEALED["a refused keyValue"]}
        assert door.post("/event", json=refused).status_code == 400
        contact = {
            "channels": [{"type": "email", "value": SEALED["an imported contact's email"]}],
            "firstName": SEALED["an imported contact's firstName"],
        }
        assert door.post("/contacts", json={"contacts": [contact]}).status_code == 200
        order = {
            "externalOrderId": "1", "totalCost": 5, "status": "DELIVERED", "date": "2026-01-15T10:30:00Z",
            "currency": "USD", "email": SEALED["an order's email"],
            "deliveryAddress": SEALED["an order's deliveryAddress"],
        }  # fmt: skip
        erased = SEALED["an erased person's email"]
        theirs = order | {
            "externalOrderId": "2", "email": erased, "deliveryAddress": SEALED["an erased person's order"],
        }  # fmt: skip
        assert door.post("/orders", json={"orders": [order, theirs]}).content == b""
        left = {"name": "lastName", "value": SEALED["an erased person's parameter"]}
        told = {"eventTypeKey": "bird.rang", "keyValue": erased, "params": [left]}
        assert door.post("/event", json=told).status_code == 200


def plant_at_the_third_door(served: Served, manage: httpx2.Client) -> None:
    """SmartPush's: a defined event, for the table of attributes."""
    (defined,) = [one for one in DIALECTS["smartpush"].reference.calls if one.path == "/createCustomMetric"]
    key = manage.post("/credentials", json={"dialect": "smartpush"}).json()["api_token"]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    url = f"http://127.0.0.1:{served.port}{defined.path}"
    answer = httpx2.post(url, content=defined.sample, headers=headers)
    assert answer.status_code == 200, answer.text


def plant_at_an_apps_door(served: Served, manage: httpx2.Client) -> None:
    """SmartAppPush's: an event with its user and device, a token that rotates, and what is refused."""
    key = manage.post("/credentials", json={"dialect": "smartapppush"}).json()["api_key"]
    event = {
        "event_name": "bird.tapped", "event_time": "2026-01-15T10:30:00Z", "platform": "ios", "timezone": "UTC",
        "language": "en", "country": "GB", "session_id": "s", "app_user_id": SEALED["a user of an app"],
        "device_token": SEALED["a device's token"], "context": {"screen": SEALED["an app's context"]},
    }  # fmt: skip

    def post(status: int, path: str, told: dict[str, Any]) -> None:
        body = {"tenant_id": "self", "api_key": key} | told
        answer = httpx2.post(f"http://127.0.0.1:{served.port}{path}", json=body)
        assert answer.status_code == status, answer.text

    post(200, "/events", event)
    post(400, "/events", event | {"device_token": SEALED["a refused app event's token"], "platform": "x"})
    post(400, "/events", event | {"api_key": NEVER["an app's unknown key"]})
    served.until_drained(30)
    tokens = {"old_token": event["device_token"], "new_token": SEALED["a device's new token"]}
    post(200, "/devices/refresh-token", tokens)


def plant_erased(client: httpx2.Client, manage: httpx2.Client, note: str = "") -> None:
    """A person to be erased, with an event and one that is refused. `note`: a property that nothing seals."""
    who = {
        "email": SEALED["an erased person's email"],
        "traits": {"firstName": SEALED["an erased person's trait"]},
    }
    event = {
        "event": "bird.left",
        "identify": who,
        "properties": {"email": SEALED["an erased person's property"], "note": note},
    }
    assert client.post("/v1/events", json=event).status_code == 200
    refused = event | {"timestamp": SEALED["an erased person's refused event"]}
    assert client.post("/v1/events", json=refused).status_code == 400
    suppressed = manage.post("/suppressions", json={"values": [who["email"]], "reason": "complaint"})
    assert suppressed.status_code == 200, suppressed.text


def erase(manage: httpx2.Client, email_: str, within_s: float = 30.0) -> None:
    """Until the receipt is complete."""
    found = manage.post("/profiles/find", json={"email": email_})
    assert found.status_code == 200, found.text
    erased = manage.post(f"/profiles/{found.json()['id']}/erase")
    assert erased.status_code == 200, erased.text
    receipt, give_up_at = erased.json(), time.monotonic() + within_s
    while not receipt["complete"]:
        assert time.monotonic() < give_up_at, receipt
        time.sleep(0.05)
        receipt = manage.get(f"/erasures/{receipt['id']}").json()


def _plant_providers(manage: httpx2.Client) -> None:
    """A public mail server, which nobody asks, and a message that lands in the mailbox."""
    smtp = {"host": "93.184.216.34", "sender": "a@birds.example", "password": SEALED["a provider's password"]}
    set_ = manage.put("/providers/email", json={"kind": "smtp", "settings": smtp})
    tried = manage.post("/providers/viber/test", json={"to": SEALED["a message in the mailbox"]})
    assert (set_.status_code, tried.json()["state"]) == (200, "accepted"), (set_.text, tried.text)


def _plant_acting(served: Served, client: httpx2.Client, manage: httpx2.Client) -> None:
    """An automation whose message says what the person's event said, and lands in the mailbox."""
    template = {"name": "ringed", "channel": "sms", "text": "Dear $!profile.first_name: $!data.email"}
    steps = {
        "trigger": {"type": "event", "metric": "bird.ringed"},
        "start": "tell",
        "nodes": {
            "tell": {"type": "send", "template": "ringed", "channel": "sms", "next": "end"},
            "end": {"type": "exit"},
        },
    }
    assert manage.post("/templates", json=template).status_code == 201
    made = manage.post("/automations", json={"name": "Ringed", "definition": steps})
    assert made.status_code == 201, made.text
    published = manage.post(f"/automations/{made.json()['id']}/publish", json={})
    assert published.status_code == 200, published.text
    who = {"email": SEALED["identify.email"], "traits": {"phone": SEALED["traits.phone"]}}
    event = {"event": "bird.ringed", "identify": who, "properties": {"email": who["email"]}}
    assert client.post("/v1/events", json=event).status_code == 200
    served.until_drained(30)
    deadline = time.monotonic() + 20
    while not any(one["channel"] == "sms" and one["state"] == "accepted" for one in _sent(manage)):
        assert time.monotonic() < deadline, _sent(manage)
        time.sleep(0.1)


def _plant_answers(served: Served, manage: httpx2.Client) -> None:
    """What readers agreed to, what a gateway tells of a message, and a mail that came back to the wrong house."""
    (sent,) = (one for one in _sent(manage) if one["channel"] == "sms" and one["state"] == "accepted")
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    settings = {"url": "https://93.184.216.34/", "report_secret": secret}
    set_ = manage.put("/providers/sms", json={"kind": "http", "settings": settings})
    assert set_.status_code == 200, set_.text
    news = {
        "state": "delivered",
        "send_id": sent["id"].partition("_")[2],
        "reason": SEALED["what a gateway reports"],
    }
    body, at = msgspec.json.encode({"reports": [news]}), int(time.time())
    headers = {
        "webhook-id": "1", "webhook-timestamp": str(at), "webhook-signature": signature(secret, "1", at, body)
    }  # fmt: skip
    path = urlsplit(set_.json()["reports_url"]).path
    heard = httpx2.post(f"http://127.0.0.1:{served.port}{path}", content=body, headers=headers)
    assert heard.json() == {"taken": 1, "repeated": 0, "unknown": 0}, heard.text
    said = {"value": NEVER["the address of a consent"], "agreed": False, "topic": "birds"}
    mail = f"To: {NEVER['a returned mail that is about no message']}\r\n\r\nBack."
    answers = [
        manage.put("/topics/birds", json={"title": "Birds"}),
        manage.post("/consents", json=said),
        manage.patch("/rules/email", json={"cap": "3/24"}),
        manage.post("/messages/bounce", json={"mail": base64.b64encode(mail.encode()).decode()}),
    ]
    assert [one.status_code for one in answers] == [200, 200, 200, 400], [one.text for one in answers]


def _sent(manage: httpx2.Client) -> list[dict[str, Any]]:
    answer = manage.get("/messages").json()
    listed: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["messages"]
    return listed


def _full_event() -> dict[str, Any]:
    return {
        "event": "bird.bought",
        "messageId": NEVER["messageId that is an e-mail"],
        "extra": {"email": NEVER["a field that nobody reads"]},
        "identify": {
            "email": SEALED["identify.email"],
            "traits": {
                "firstName": SEALED["traits.firstName"],
                "last_name": SEALED["traits.last_name"],
                "phone": f"+{SEALED['traits.phone']}",
                "email": SEALED["traits.email"],
                "Full Name": SEALED["traits.Full Name"],
                "name": SEALED["traits.name"],
                "address": SEALED["traits.address"],
                "street-address": SEALED["traits.street-address"],
                "zip": SEALED["traits.zip"],
                "mobile": [SEALED["traits.mobile in a list"]],
                "passportNumber": SEALED["traits.passportNumber"],
            },
        },
        "properties": {
            "email": SEALED["properties.email"],
            "phone": f"+{SEALED['properties.phone']}",
            "customer": {"email": SEALED["properties.customer.email"], "plan": "gold"},
            "a": {"b": {"lastName": SEALED["properties.a.b.lastName"]}},
            "shipping_address": {"city": SEALED["properties.shipping_address.city"]},
            "recipientEmail": [SEALED["properties.recipientEmail in a list"]],
            "IP-Address": SEALED["properties.IP-Address"],
            "deviceToken": SEALED["properties.deviceToken"],
            "tel": int(SEALED["properties.tel as a number"]),
        },
    }


def _refused(client: httpx2.Client, send: Callable[..., None]) -> None:
    """What is refused: what was read as an event is kept as a sealed sample, the rest never."""
    good = {"event": "bird.seen", "identify": {"email": SEALED["identify.email"]}}
    send(400, "/v1/events", good | {"identify": {"email": SEALED["a refused event's e-mail"]}})
    bad_traits = {
        "email": SEALED["identify.email"],
        "traits": {"a": {"b": SEALED["a refused event's trait"]}},
    }
    send(400, "/v1/events", good | {"identify": bad_traits})
    send(400, "/v1/events", good | {"properties": {"email": SEALED["a refused event's property"], "a": "\0"}})
    send(400, "/v1/events", good | {"event": SEALED["a refused event's name"]})
    send(400, "/v1/events", b'{"email": "%s"' % SEALED["a body that is no JSON"].encode())
    send(400, "/v1/events", NEVER["a body that is no gzip"].encode(), content_encoding="gzip")
    send(401, "/v1/events", good, authorization=f"Bearer {NEVER['an unknown API key']}")
    send(401, "/v1/events", good, authorization=f"Basic {NEVER['a key with another scheme']}")
    send(401, "/v1/events", {"email": NEVER["a body without a key"]}, authorization="")
    send(404, f"/v1/contacts/by-name/{NEVER['an unknown path']}/of", good)
    send(405, f"/v1/contacts/by-email/{NEVER['a path of another method']}", good)
    send(200, f"/v1/events?email={NEVER['the query']}", good | {"messageId": "query"})


async def plant_behind_the_door(data: Path) -> None:
    """What no door of this version lets in: context, other identities, and an item that goes to quarantine."""
    settings = config.load({"data": data}).settings
    identities = (
        Identity(IdentityKind.EXTERNAL_ID, "birds", SEALED["external_id"]),
        Identity(IdentityKind.PHONE, "", f"+{SEALED['phone identity']}"),
        Identity(IdentityKind.ANONYMOUS_ID, "", SEALED["anonymous_id"]),
    )
    context = {
        "ip": SEALED["context.ip"],
        "page": {"url": SEALED["context.page.url"]},
        "userAgent": SEALED["context.userAgent"],
    }
    with borrowed(settings.data, command="canaries", user=settings.engine_user) as connection:
        async with rooms(settings, connection.addresses(), owner=1) as opened:
            at = opened.database.now_us()
            good = Event(name="bird.fed", occurred_at_us=at, identities=identities, context=context)
            bad = Event(
                name="bird.lost",
                occurred_at_us=at,
                identities=(Identity(IdentityKind.EMAIL, "", SEALED["quarantined e-mail"]),),
                traits={"firstName": SEALED["quarantined trait"]},
                properties={
                    "email": SEALED["quarantined property"],
                    "note": f"{SEALED['quarantined unpersonal property']}\0",
                },
                context={"ip": SEALED["quarantined context"]},
            )
            async with opened.database.owner() as tx:
                workspace_id = await tx.fetchval("SELECT workspace_id FROM workspace WHERE name = 'demo'")
                vault = opened.master.vault(workspace_id, await load_data_key(tx, workspace_id))
                for one in (good, bad, _lost_with_its_person(at)):
                    block_id = opened.ids.next()
                    await tx.execute(
                        "INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected,"
                        " duplicate, payload, accepted_us) VALUES ($1, $2, $3, $4, 1, 1, 0, 0, $5, $6)",
                        workspace_id,
                        int(Source.SMASHSEND),
                        block_id,
                        at // 60_000_000 * 60_000_000,
                        pack_block(vault, block_id, [(opened.ids.next(), one)]),
                        at,
                    )


def _lost_with_its_person(at: int) -> Event:
    """An item for quarantine, of the person who is to be erased."""
    return Event(
        name="bird.lost",
        occurred_at_us=at,
        identities=(Identity(IdentityKind.EMAIL, "", SEALED["an erased person's email"]),),
        properties={"email": SEALED["an erased person's quarantined property"], "note": "\0"},
    )


def make_keys(served: Served) -> Keys:
    """The demo's key is in the banner; the management token is made by the running server itself."""
    shop = re.search(r"sk_live_\w+", served.banner)
    assert shop, served.banner
    command_line = Server(served.data)
    first = command_line.cli("credential", "create", "--workspace", "demo", "--manage", "--role", "owner")
    made = httpx2.post(
        f"http://127.0.0.1:{served.port}/manage/v1/credentials",
        json={"dialect": "smashsend"},
        headers={"authorization": f"Bearer {first['token']}"},
    )
    assert made.status_code == 201, made.text
    secret = re.search(rb"sk_live_\w+", made.content)
    assert secret
    return Keys(shop=secret[0].decode(), management=first["token"])
