"""Everything with an OpenAPI, and one of everything that its paths name: for whoever tries all its calls.

A new dialect adds a line to `SURFACES`.
"""

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

_PROCESSED_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a key, as a header; `basic`: as the password of HTTP Basic; `header`: alone in one of that name;
    `in_body`: by names in each body, of the key and of what goes with it.
    """

    url: str
    key: str
    basic: bool = False
    header: str = ""
    in_body: Mapping[str, str] = field(default_factory=dict)

    def dressed(self, body: Any) -> Any:
        """A body with the key where it belongs into it."""
        shown = {name: value.format(key=self.key) for name, value in self.in_body.items()}
        return body | shown if isinstance(body, dict) else body

    @property
    def headers(self) -> dict[str, str]:
        if self.header:
            return {self.header: self.key}
        if not self.basic:
            return {"Authorization": f"Bearer {self.key}"}
        return {"Authorization": f"Basic {b64encode(f'user:{self.key}'.encode()).decode()}"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises urllib.error.HTTPError where it is no success."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(self.dressed(body)).encode(),
            headers=self.headers | {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@dataclass(frozen=True, slots=True)
class Surface:
    """`key`: what its callers' secret is called when it is made. `places`: values for the paths' places, made anew."""

    openapi: str
    key: str
    places: Callable[[Caller, Caller], dict[str, str]]  # (its caller, the workspace's owner)
    dialect: str = ""
    basic: bool = False
    header: str = ""
    in_body: Mapping[str, str] = field(default_factory=dict)
    strangers: frozenset[int] = frozenset({401, 403})  # what is said to whoever has no key

    def with_key(self, url: str, key: str) -> Caller:
        """Whoever shows this key."""
        return Caller(url, key, self.basic, self.header, self.in_body)

    def caller(self, owner: Caller) -> Caller:
        """A caller without limits, in the owner's workspace."""
        if not self.dialect:
            return owner
        made = owner.ask("POST", "/manage/v1/credentials", {"dialect": self.dialect})
        owner.ask("PATCH", "/manage/v1/credentials", {"dialect": self.dialect, "per_minute": 0})
        return self.with_key(owner.url, made[self.key])


def smashsend(caller: Caller, owner: Caller) -> dict[str, str]:
    """A contact, a property, a key, a template and an e-mail."""
    email = f"{uuid4().hex}@example.com"
    contact = caller.ask("POST", "/v1/contacts", {"properties": {"email": email}})["contact"]
    wish = {"displayName": uuid4().hex, "type": "SELECT"}
    keys = f"/v1/workspaces/{contact['workspaceId']}/api-keys"
    template = {"name": uuid4().hex, "subject": "Hello", "html": "<p>Hello</p>"}
    mail = {"from": "shop@shop.example", "to": email, "subject": "Hello", "html": "<p>Hello</p>"}
    return {
        "messageId": caller.ask("POST", "/v1/emails", mail)["email"]["messageId"],
        "transactionalId": owner.ask("POST", "/manage/v1/templates", template)["id"],
        "email": email,
        "contactId": contact["id"],
        "workspaceId": contact["workspaceId"],
        "propertyId": caller.ask("POST", "/v1/contact-properties", wish)["property"]["id"],
        "apiKeyId": caller.ask("POST", keys, {"displayName": "to be archived"})["apiKey"]["id"],
    }


def esputnik(caller: Caller, _owner: Caller) -> dict[str, str]:
    """A contact in a group, an import, and on each channel a prepared message and one that is on its way."""
    shop_id = uuid4().hex
    contact = {
        "channels": [{"type": "email", "value": f"{shop_id}@example.com"}],
        "firstName": "Ann",
        "externalCustomerId": shop_id,
        "address": {"town": "Kyiv"},
    }
    made = caller.ask("POST", "/api/v1/contact/subscribe", {"contact": contact, "groups": ["news"]})
    return {
        "contactId": str(made["id"]),
        "externalCustomerId": shop_id,
        "groupId": str(caller.ask("GET", "/api/v1/groups?name=news")[0]["id"]),
        "sessionId": caller.ask("POST", "/api/v1/contacts", {"contacts": [contact]})["asyncSessionId"],
    } | _esputnik_messages(caller, shop_id)


def _esputnik_messages(caller: Caller, name: str) -> dict[str, str]:
    subject = {"subject": "Hello", "htmlText": "<p>Hello</p>"}
    found = {"language": "uk"}
    for channel, content, to in (
        ("email", subject, {"emails": ["ann@example.com"]}),
        ("sms", {"text": "Hello"}, {"phoneNumbers": ["447911123456"]}),
        ("viber", {"text": "Hello"}, {"phoneNumbers": ["447911123456"]}),
    ):
        store = f"/api/v1/messages/{channel}"
        number = str(caller.ask("POST", store, {"name": f"order {channel} {name}"} | content)["id"])
        caller.ask("PUT", f"{store}/{number}/uk", content)
        sent = caller.ask("POST", f"/api/v1/message/{channel}", content | to)
        found |= {f"{channel}Id": number, f"{channel}RequestId": sent["results"]["requestId"]}
    return found | {"messageId": found["emailId"]}


def yotpo(_caller: Caller, owner: Caller) -> dict[str, str]:
    """The store."""
    return {"store_id": owner.ask("POST", "/manage/v1/credentials", {"dialect": "yotpo"})["app_key"]}


def smartpush(caller: Caller, _owner: Caller) -> dict[str, str]:
    """No paths with places; the event that the page's samples report."""
    try:
        attributes = [{"code": "store", "type": "String"}, {"code": "total", "type": "Float"}]
        wish = {"eventCode": "offline_purchase", "eventName": "Offline Purchase", "attributes": attributes}
        caller.ask("POST", "/createCustomMetric", wish)
    except urllib.error.HTTPError as exc:
        if exc.code != 409:
            raise
    return {}


def smartapppush(caller: Caller, owner: Caller) -> dict[str, str]:
    """A device that is known; a push that is not, as long as none can be sent."""
    opened = "app_opened"
    event = {
        "event_name": opened, "event_time": datetime.now(UTC).isoformat(), "app_user_id": "user_123",
        "device_token": "fcm_or_onesignal_device_token", "platform": "ios", "timezone": "UTC", "language": "en",
        "country": "GB", "session_id": uuid4().hex,
    }  # fmt: skip
    caller.ask("POST", "/events", event)
    _processed(owner, opened)
    return {"tracking_token": f"msg_{uuid4().hex}", "old_token": event["device_token"]}


def manage(_caller: Caller, owner: Caller) -> dict[str, str]:
    """Somebody who did something, what that was, somebody who was erased, and a key."""
    key = SURFACES["smashsend"].caller(owner)
    metric, email = f"m.{uuid4().hex}", f"{uuid4().hex}@example.com"
    key.ask("POST", "/v1/events", {"event": metric, "identify": {"email": email, "traits": {"plan": "a"}}})
    gone = key.ask("POST", "/v1/contacts", {"properties": {"email": f"{uuid4().hex}@example.com"}})["contact"]
    owner.ask("POST", f"/manage/v1/profiles/prf_{gone['id'].removeprefix('ctc_')}/erase")
    event = _processed(owner, metric)
    return {
        "profile_id": event["profile_id"],
        "event_id": event["id"],
        "name": metric,
        "erasure_id": owner.ask("GET", "/manage/v1/erasures")[0]["id"],
        "credential_id": owner.ask("POST", "/manage/v1/credentials", {"dialect": "smashsend"})[
            "credential_id"
        ],
        "list_id": owner.ask("POST", "/manage/v1/lists", {"name": uuid4().hex})["id"],
    }


def _processed(owner: Caller, metric: str) -> Any:
    until = time.monotonic() + _PROCESSED_WITHIN_S
    while not (found := owner.ask("GET", f"/manage/v1/events?metric={metric}&limit=1")["events"]):
        if time.monotonic() > until:
            raise TimeoutError("an event was not processed")
        time.sleep(0.05)
    return found[0]


#: Calls that cannot succeed yet, and what they answer: nothing sends a push that could be opened.
NOT_YET = {("smartapppush", "/pushes/opened"): 400}
SURFACES: Mapping[str, Surface] = {
    "smashsend": Surface("/docs/smashsend/openapi.json", "api_key", smashsend, dialect="smashsend"),
    "esputnik": Surface("/docs/esputnik/openapi.json", "api_key", esputnik, dialect="esputnik", basic=True),
    "yotpo": Surface("/docs/yotpo/openapi.json", "secret", yotpo, dialect="yotpo", header="X-Yotpo-Token"),
    "smartpush": Surface("/docs/smartpush/openapi.json", "api_token", smartpush, dialect="smartpush"),
    "smartapppush": Surface(
        "/docs/smartapppush/openapi.json",
        "api_key",
        smartapppush,
        dialect="smartapppush",
        in_body={"tenant_id": "self", "api_key": "{key}"},
        strangers=frozenset({400, 401}),
    ),
    "manage": Surface("/manage/openapi.json", "token", manage),
}
