"""What reads a vendor's bytes, of all dialects, for test_parsers.py; a new dialect adds its own."""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from msgspec import Struct

from clarion.dialects.esputnik import calls as esputnik_calls
from clarion.dialects.esputnik import mapping as esputnik
from clarion.dialects.esputnik import routes as esputnik_routes
from clarion.dialects.esputnik import rules as esputnik_rules
from clarion.dialects.esputnik import wire as esputnik_wire
from clarion.dialects.esputnik.contacts import mapping as esputnik_contacts
from clarion.dialects.esputnik.contacts import wire as esputnik_contacts_wire
from clarion.dialects.esputnik.messages import mapping as esputnik_messages
from clarion.dialects.esputnik.messages import wire as esputnik_messages_wire
from clarion.dialects.esputnik.orders import mapping as esputnik_orders
from clarion.dialects.smartapppush import developer as smartapppush_developer
from clarion.dialects.smartapppush import mapping as smartapppush
from clarion.dialects.smartapppush import rules as smartapppush_rules
from clarion.dialects.smartapppush import wire as smartapppush_wire
from clarion.dialects.smartpush import mapping as smartpush
from clarion.dialects.smartpush import rules as smartpush_rules
from clarion.dialects.smartpush import wire as smartpush_wire
from clarion.dialects.smashsend import contacts, emails, mapping, wire
from clarion.dialects.smashsend.contacts import mapping as contacts_mapping
from clarion.dialects.smashsend.contacts import wire as contacts_wire
from clarion.dialects.smashsend.emails import mapping as emails_mapping
from clarion.dialects.smashsend.emails import wire as emails_wire
from clarion.dialects.yotpo import customers as yotpo_customers
from clarion.dialects.yotpo import mapping as yotpo
from clarion.dialects.yotpo import rules as yotpo_rules
from clarion.dialects.yotpo import tokens as yotpo_tokens
from clarion.dialects.yotpo import wire as yotpo_wire
from clarion.model import Offer, ProfileChange

NOW_US = 1_768_473_000_000_000


class Parser(Struct, frozen=True):
    """`parse` answers what came of it (offers and inbounds are looked at closely) or raises one of `refusals`.

    `names`: fields that it knows, so that what is made up comes near to what is right.
    """

    name: str
    parse: Callable[[bytes], Sequence[Any]]
    refusals: tuple[type[Exception], ...]
    names: tuple[str, ...]


def _event(body: bytes) -> Sequence[Any]:
    judged = mapping.judge(body, NOW_US)
    if isinstance(judged, Offer):
        return [judged]
    mapping.sample(body, judged)
    return []


def _batch(body: bytes) -> Sequence[Any]:
    return [offer for event in wire.read_batch(body) for offer in _event(bytes(event))]


def _contact(body: bytes) -> Sequence[Any]:
    return [contacts_mapping.told(contacts_wire.read(body, contacts_wire.Properties).properties).change()]


def _taken_at_once(kind: type[Any]) -> Callable[[bytes], Sequence[Any]]:
    def parse(body: bytes) -> Sequence[Any]:
        contacts_wire.read(body, kind)
        return []

    return parse


def _email(body: bytes) -> Sequence[Any]:
    wanted = emails_mapping.wanted(contacts_wire.read(body, emails_wire.Email), NOW_US)
    return [] if wanted.contact is None else [wanted.contact.change()]


def _esputnik_event(call: esputnik_routes.Call) -> Callable[[bytes], Sequence[Any]]:
    def parse(body: bytes) -> Sequence[Any]:
        valid = esputnik_rules.check(
            esputnik_wire.read_event(body, call.event), key_required=call.key_required
        )
        who = esputnik.found(valid)
        return [esputnik.offer(valid, who, {}, namespace="esputnik", now_us=NOW_US, unescape=call.unescape)]

    return parse


def _esputnik_plain_past(call: esputnik_routes.Call) -> Callable[[bytes], Sequence[Any]]:
    def parse(body: bytes) -> Sequence[Any]:
        return esputnik_routes.plain_past(body, NOW_US, call.path, "UTC", "esputnik")[1]

    return parse


def _esputnik_contact(body: bytes) -> Sequence[Any]:
    told = esputnik_contacts.told(esputnik_wire.read(body, esputnik_contacts_wire.Contact))
    whom = esputnik_contacts.whom(told, None, "esputnik")
    names = {number: f"field {number}" for number in told.fields}
    traits = esputnik_contacts.traits(told, names)
    return [ProfileChange(identities=whom.identities, reaches=whom.reaches, traits=traits)]


def _esputnik_order(body: bytes) -> Sequence[Any]:
    esputnik_orders.id_of(body)
    esputnik_orders.order(body, UTC)
    return []


def _esputnik_recipients(body: bytes) -> Sequence[Any]:
    sent = esputnik_wire.read(body, esputnik_messages_wire.Smartsend)
    esputnik_messages.recipients(sent, "email")
    return []


def _esputnik_at_once(kind: type[Any]) -> Callable[[bytes], Sequence[Any]]:
    def parse(body: bytes) -> Sequence[Any]:
        esputnik_wire.read(body, kind)
        return []

    return parse


def _yotpo_event(body: bytes) -> Sequence[Any]:
    valid = yotpo_rules.check(yotpo_wire.read_event(body), NOW_US)
    return [yotpo.offer(valid, namespace="yotpo", now_us=NOW_US)]


def _yotpo_customer(body: bytes) -> Sequence[Any]:
    customer = yotpo_wire.read(body, yotpo_customers.Customer)
    identities = yotpo.identities(yotpo_rules.whom(customer), "yotpo")
    return [ProfileChange(identities=identities, traits=yotpo_customers.told(customer))]


def _yotpo_grant(body: bytes) -> Sequence[Any]:
    for kind in (b"application/x-www-form-urlencoded", b"application/json"):
        yotpo_tokens.check_grant(yotpo_tokens.read_grant(body, kind))
    return []


_YOTPO_CUSTOMER = (
    "external_id",
    "email",
    "phone_number",
    "phone",
    "first_name",
    "custom_properties",
    "metadata",
)
_YOTPO_EVENT = (
    "source",
    "type",
    "unique_id",
    "id",
    "occurred_at",
    "customer",
    "properties",
    *_YOTPO_CUSTOMER,
)


def _smartpush_contact(body: bytes) -> Sequence[Any]:
    return [smartpush.change(smartpush_rules.contact(smartpush_wire.read_contact(body)))]


def _smartpush_metrics(body: bytes) -> Sequence[Any]:
    for one in smartpush_wire.read_metrics(body):
        smartpush_rules.metric(one)
    return []


def _smartpush_events(body: bytes) -> Sequence[Any]:
    read = [smartpush_wire.read(one, smartpush_wire.CustomEvent) for one in smartpush_wire.read_events(body)]
    return [smartpush.offer(smartpush_rules.event(one, NOW_US), NOW_US, lambda: "fresh") for one in read]


def _smartpush_plain_events(body: bytes) -> Sequence[Any]:
    read = smartpush_wire.read_plain_events(body) or []
    if read:
        closely = [
            smartpush_wire.read(one, smartpush_wire.CustomEvent) for one in smartpush_wire.read_events(body)
        ]
        assert read == closely
    return [smartpush.offer(smartpush_rules.event(one, NOW_US), NOW_US, lambda: "fresh") for one in read]


def _smartapppush_event(body: bytes) -> Sequence[Any]:
    told = smartapppush_wire.read(body)
    valid = smartapppush_rules.check(smartapppush_wire.shaped(told, smartapppush_wire.Event), NOW_US)
    return [smartapppush.offer(valid, smartapppush_wire.fingerprint(told), namespace="smartapppush")]


def _smartapppush_refresh(body: bytes) -> Sequence[Any]:
    told = smartapppush_wire.shaped(smartapppush_wire.read(body), smartapppush_wire.Refresh)
    return [smartapppush.refreshed(smartapppush_rules.check_refresh(told), namespace="smartapppush")]


def _smartapppush_push(body: bytes) -> Sequence[Any]:
    smartapppush_developer.check(smartapppush_wire.read(body))
    return []


_SMARTAPPPUSH = (
    "app_user_id",
    "event_name",
    "event_time",
    "device_token",
    "platform",
    "push_permission_granted",
    "timezone",
    "language",
    "country",
    "session_id",
    "params",
    "context",
    "old_token",
    "new_token",
)
_EVENT_FIELDS = (
    "event",
    "identify",
    "email",
    "traits",
    "properties",
    "timestamp",
    "messageId",
    "events",
    "phone",
)
_CONTACT_FIELDS = ("properties", "email", "status", "phone", "firstName", "add", "remove", "contacts")
_EMAIL_FIELDS = (
    "to",
    "from",
    "subject",
    "html",
    "text",
    "template",
    "variables",
    "contactProperties",
    "replyTo",
    "sendAt",
    "settings",
    "idempotencyKey",
)
_OTHER_FIELDS = ("displayName", "type", "apiSlug", "typeConfig", "options", "role", "status", "contacts")
_ESPUTNIK_EVENT = ("eventTypeKey", "keyValue", "params", "name", "value", "contactId", "Email", "SMS")
_ESPUTNIK_CONTACT = (
    "channels",
    "type",
    "value",
    "firstName",
    "address",
    "town",
    "fields",
    "id",
    "contactKey",
)
_ESPUTNIK_ORDER = (
    "externalOrderId",
    "totalCost",
    "status",
    "date",
    "currency",
    "email",
    "items",
    "quantity",
    "cost",
    "externalItemId",
    "additionalInfo",
)
_ESPUTNIK_MESSAGE = (
    "recipients", "locator", "jsonParam", "languageCode", "email", "fromName", "from", "subject", "htmlText",
    "plainText", "text", "phoneNumbers", "ttlSeconds", "name", "tags",
)  # fmt: skip
_SMARTPUSH = (
    "email",
    "phone",
    "cus_tier",
    "tags",
    "name",
    "eventCode",
    "eventTime",
    "attributes",
    "code",
    "type",
)
PARSERS = [
    Parser("smartapppush event", _smartapppush_event, (smartapppush_wire.Malformed,), _SMARTAPPPUSH),
    Parser("smartapppush refresh", _smartapppush_refresh, (smartapppush_wire.Malformed,), _SMARTAPPPUSH),
    Parser(
        "smartapppush push",
        _smartapppush_push,
        (smartapppush_wire.Malformed,),
        ("app_user_id", "title", "body", "extra_data", "schedule_at", "priority", "dedupe_key"),
    ),
    Parser("smartpush contact", _smartpush_contact, (smartpush_wire.Malformed,), _SMARTPUSH),
    Parser("smartpush metrics", _smartpush_metrics, (smartpush_wire.Malformed,), (*_SMARTPUSH, "metrics")),
    Parser("smartpush events", _smartpush_events, (smartpush_wire.Malformed,), (*_SMARTPUSH, "events")),
    Parser(
        "smartpush events at once",
        _smartpush_plain_events,
        (smartpush_wire.Malformed,),
        (*_SMARTPUSH, "events"),
    ),
    Parser("smashsend event", _event, (), _EVENT_FIELDS),
    Parser("smashsend batch", _batch, (wire.Malformed,), _EVENT_FIELDS),
    Parser("smashsend contact", _contact, (wire.Malformed,), _CONTACT_FIELDS),
    *(
        Parser(
            f"smashsend {one.method} {one.path}", _taken_at_once(one.body), (wire.Malformed,), _OTHER_FIELDS
        )
        for one in contacts.CALLS
        if one.body is not None
    ),
    *(
        Parser(f"smashsend {one.method} {one.path}", _email, (wire.Malformed,), _EMAIL_FIELDS)
        for one in emails.CALLS
        if one.body is not None
    ),
    *(
        Parser(f"esputnik {call.path}", _esputnik_event(call), (esputnik_wire.Malformed,), _ESPUTNIK_EVENT)
        for call in esputnik_routes.EVENTS
    ),
    *(
        Parser(
            f"esputnik {call.path} at once",
            _esputnik_plain_past(call),
            (esputnik_wire.Malformed,),
            (*_ESPUTNIK_EVENT, "events", "occurred"),
        )
        for call in esputnik_routes.PAST_EVENTS
    ),
    Parser("esputnik contact", _esputnik_contact, (esputnik_wire.Malformed,), _ESPUTNIK_CONTACT),
    Parser("esputnik order", _esputnik_order, (esputnik_wire.Malformed,), _ESPUTNIK_ORDER),
    Parser("esputnik recipients", _esputnik_recipients, (esputnik_wire.Malformed,), _ESPUTNIK_MESSAGE),
    *(
        Parser(
            f"esputnik {one.method} {one.path}",
            _esputnik_at_once(one.body),
            (esputnik_wire.Malformed,),
            (
                *_ESPUTNIK_CONTACT,
                "contacts",
                "emails",
                "contact",
                "groups",
                "contactIds",
                "orders",
                *_ESPUTNIK_MESSAGE,
            ),
        )
        for one in esputnik_calls.CALLS
        if one.body is not None
    ),
    Parser("yotpo event", _yotpo_event, (yotpo_wire.Malformed,), _YOTPO_EVENT),
    Parser("yotpo customer", _yotpo_customer, (yotpo_wire.Malformed,), _YOTPO_CUSTOMER),
    Parser(
        "yotpo grant", _yotpo_grant, (yotpo_wire.Malformed,), ("client_id", "client_secret", "grant_type")
    ),
]
