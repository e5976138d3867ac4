"""What is told of the calls: the table from which OpenAPI, reference page and their tests are made."""

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from clarion import orders
from clarion.dialects._openapi import Described, Reference
from clarion.dialects._spoken import Spoken
from clarion.dialects.esputnik import reply, routes, rules, wire
from clarion.dialects.esputnik.calls import CALLS
from clarion.dialects.esputnik.contacts import wire as contacts_wire
from clarion.dialects.esputnik.messages import wire as messages_wire
from clarion.dialects.esputnik.orders import wire as orders_wire

_TypeKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=rules.TYPE_KEY_MAX,
        pattern="^[A-Za-z0-9_.: -]*[A-Za-z0-9][A-Za-z0-9_.: -]*$",
        description="What happened. An unknown one is made.",
    ),
]
_Key = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=rules.KEY_VALUE_MAX,
        pattern="^[A-Za-z0-9@_.:+-]+$",
        description="The event's id; also an e-mail address, a contact's id or a customer's id.",
    ),
]
_Name = Annotated[str, Meta(min_length=1, max_length=rules.PARAM_NAME_MAX, pattern="^[A-Za-z0-9_]+$")]
_When = Annotated[
    str, Meta(pattern="^20[01][0-9]-0[1-9]-[01][1-9]$", description="A day, or YYYY-MM-DDTHH:mm.")
]


class Param(Struct):
    """A fact about an event."""

    name: _Name
    value: Any


class Event(Struct, rename="camel"):
    """An event of version 1."""

    event_type_key: _TypeKey
    key_value: _Key
    params: list[Param]


class EventV2(Struct, rename="camel"):
    """An event of version 2, whose parameters may say who it is about."""

    event_type_key: _TypeKey
    params: list[Param]
    key_value: _Key | None = None


class EventV3(Struct, rename="camel"):
    """An event of version 3."""

    event_type_key: _TypeKey
    params: dict[str, Any]
    key_value: _Key | None = None


class PastEvent(Event, rename="camel", kw_only=True):
    """An event of the past."""

    occurred: _When


class PastEventV2(EventV2, rename="camel", kw_only=True):
    """An event of the past."""

    occurred: _When


class PastEventV3(EventV3, rename="camel", kw_only=True):
    """An event of the past."""

    occurred: _When


class PastEvents(Struct):
    """Up to 500."""

    events: Annotated[list[PastEvent], Meta(min_length=1, max_length=wire.PAST_EVENTS_MAX)]


class PastEventsV2(Struct):
    """Up to 500."""

    events: Annotated[list[PastEventV2], Meta(min_length=1, max_length=wire.PAST_EVENTS_MAX)]


class PastEventsV3(Struct):
    """Up to 500."""

    events: Annotated[list[PastEventV3], Meta(min_length=1, max_length=wire.PAST_EVENTS_MAX)]


_V1 = '{"eventTypeKey": "testEvent", "keyValue": "ann@example.com", "params": [{"name": "discount", "value": "5%"}]}'
_V2 = (
    '{"eventTypeKey": "productViewed", "params": [{"name": "externalCustomerId", "value": "12345"}, '
    '{"name": "product", "value": {"id": "200600", "price": 990}}]}'
)
_V3 = '{"eventTypeKey": "subscribed", "params": {"externalCustomerId": "12345", "plan": "Premium"}}'
_SAMPLES: Mapping[str, tuple[str, type[Struct], type[Struct]]] = {
    "v1": (_V1, Event, PastEvents),
    "v2": (_V2, EventV2, PastEventsV2),
    "v3": (_V3, EventV3, PastEventsV3),
}


class Orders(Struct):
    """Orders; what is wrong with one is told of it alone."""

    orders: Annotated[list[orders_wire.Order], Meta(min_length=1, max_length=orders.ORDERS_MAX)]


class Smartsend(Struct, rename="camel"):
    """Recipients; what is wrong with one is told of it alone. One alone may stand without the array."""

    recipients: Annotated[
        list[messages_wire.Recipient], Meta(min_length=1, max_length=messages_wire.RECIPIENTS_MAX)
    ]
    email: bool | None = None
    from_name: Annotated[str, Meta(max_length=200)] | None = None
    campaign_id: messages_wire.Id | None = None
    allow_unconfirmed: bool = False
    external_request_id: str | None = None


#: Where each item is read for itself.
_BODIES: Mapping[Any, type[Struct]] = {orders_wire.Orders: Orders, messages_wire.Smartsend: Smartsend}
_READS_ONLY = {403: f"`{reply.VOICE.words.read_only}`: the key's role is viewer."}
_NOBODY = {404: "Nothing in this workspace has that id."}

_TAKEN = {409: "Another contact has that e-mail or externalCustomerId."}
_NAMED = {409: "Another message has that name, or a workflow sends this one."}
_NOT_SENT = {404: "None of these ids is a message's."}
_KEPT = (
    messages_wire.NewEmail, messages_wire.NewText, messages_wire.EmailChange, messages_wire.TextChange
)  # fmt: skip


def _event(call: routes.Call, version: str) -> Described:
    sample, kind, _ = _SAMPLES[version]
    return Described(
        method="POST",
        path=call.path,
        summary="Keep one event; who it is about is found or made when it is processed, within a second as a rule.",
        limits="20 KB. The same type, keyValue and parameters within 60 seconds is the same event.",
        body=kind,
        answers={200: None},
        answer=None,
        sample=sample,
        failures=_READS_ONLY,
    )


def _past_events(call: routes.Call, version: str) -> Described:
    sample, _, kind = _SAMPLES[version]
    return Described(
        method="POST",
        path=call.path,
        summary="Keep up to 500 events of the past, all or none; they count, and never start anything.",
        limits="Each 20 KB. What is sent again within a day is the same event.",
        body=kind,
        answers={200: None},
        answer=None,
        sample=f'{{"events": [{sample[:-1]}, "occurred": "2015-01-11"}}]}}',
        failures=_READS_ONLY,
    )


def _described(one: Spoken) -> Described:
    return Described(
        method=one.method,
        path=one.path,
        summary=(inspect.getdoc(one.serve) or "").partition("\n")[0],
        limits=one.limits or "200 requests a second, of all calls together.",
        query=one.asks,
        body=_BODIES.get(one.body, one.body) if one.body else None,
        answers={200: one.answers},
        answer=one.answer,
        sample=one.sample,
        sample_query=one.sample_query,
        failures=(_READS_ONLY if one.writes else {})
        | (_NOBODY if "{" in one.path or one.path == "/api/v1/contact" else {})
        | (_TAKEN if one.body is contacts_wire.Contact else {})
        | (_NAMED if one.body in _KEPT or (one.method == "DELETE" and "/messages/" in one.path) else {})
        | (_NOT_SENT if one.query is messages_wire.Asked else {}),
    )


REFERENCE = Reference(
    title="eSputnik: every call",
    about="The calls of eSputnik's (Yespo's) API that this server speaks, as programs send them; a slash behind a path "
    "changes nothing. What the vendor's pages leave open, and how it was decided, stands in "
    "[its reference](/docs/reference/esputnik).",
    scheme={"type": "http", "scheme": "basic"},
    option='-u "user:{key}"',
    failure=wire.Failure,
    failures={
        400: "The request breaks a rule; `message` says which.",
        401: "No key, or one that is unknown or revoked. The user name may be anything.",
        408: "The body did not come within 30 seconds.",
        413: "The body is longer than the call takes.",
        415: "The body is no JSON by its Content-Type, or compressed otherwise than with gzip.",
        429: "More than 200 requests a second (12,000 a minute). The header Retry-After says when to come back.",
        503: "Not now; the header Retry-After says when. What was sent may be sent again.",
    },
    places={
        "contactId": "A contact's id: a number.",
        "groupId": "A group's id: a number.",
        "messageId": "A prepared message's id: a number.",
        "emailId": "The id of a prepared e-mail: a number.",
        "smsId": "The id of a prepared SMS: a number.",
        "viberId": "The id of a prepared Viber message: a number.",
        "language": "A language, as `uk` or `pt-BR`.",
        "sessionId": "The `asyncSessionId` that an import was answered with.",
    },
    calls=[
        *(_event(call, call.path.split("/")[2]) for call in routes.EVENTS),
        *(_past_events(call, call.path.split("/")[2]) for call in routes.PAST_EVENTS),
        *map(_described, CALLS),
    ],
)
