"""What is told of the calls: the table from which OpenAPI, reference page and their tests are made."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from clarion.dialects._openapi import Described, Reference
from clarion.dialects.smartpush import reply, rules, wire

_Code = Annotated[
    str,
    Meta(min_length=1, max_length=rules.CODE_MAX, pattern="^[A-Za-z0-9_.-]+$", description="Its EventCode."),
]
_Text = Annotated[str, Meta(max_length=rules.CODE_MAX, pattern="^[A-Za-z0-9 _.-]*$")]
_Email = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9]{1,20}@example[.]com$",
        description="In any case; it identifies, else the phone. One of them is required.",
    ),
]
_Phone = Annotated[str, Meta(pattern="^[+][1-9][0-9]{9,12}$")]


_When = Annotated[
    str,
    Meta(
        pattern="^202[0-6]-0[1-9]-[01][1-9]T10:30:00Z$", description="ISO 8601, or Unix time; now, if none."
    ),
]
_Id = Annotated[
    str,
    Meta(
        max_length=rules.ID_MAX, pattern="^[A-Za-z0-9_.-]*$", description="The same within a day is a repeat."
    ),
]


class Contact(Struct):
    """A contact; beside these `cus_<name>` with a String, Integer, Float, Boolean or Date."""

    email: _Email
    phone: _Phone | None = None
    firstName: _Text | None = None  # noqa: N815  as the vendor would
    lastName: _Text | None = None  # noqa: N815  as the vendor would
    name: _Text | None = None
    id: _Text | None = None
    gender: _Text | None = None
    birthday: Annotated[str, Meta(pattern="^19[0-9]{2}-0[1-9]-[01][1-9]$", description="A Date.")] | None = (
        None
    )
    address: _Text | None = None
    address2: _Text | None = None
    city: _Text | None = None
    province: _Text | None = None
    country: _Text | None = None
    countryCode: _Text | None = None  # noqa: N815  as the vendor would
    zipCode: _Text | None = None  # noqa: N815  as the vendor would
    company: _Text | None = None
    language: _Text | None = None
    timezone: _Text | None = None
    tags: (
        Annotated[list[_Code], Meta(max_length=rules.TAGS_MAX, description="Added to those it has.")] | None
    ) = None


class Attribute(Struct):
    """What an event of this kind may say."""

    code: _Code
    type: Annotated[str, Meta(pattern="^(String|Integer|Float|Boolean|Date)$")]
    name: _Text | None = None


class Metric(Struct):
    """A kind of event."""

    eventCode: _Code  # noqa: N815  the vendor's name
    eventName: _Text | None = None  # noqa: N815  the vendor's name
    attributes: Annotated[list[Attribute], Meta(max_length=rules.EVENT_ATTRIBUTES_MAX)] | None = None


class Metrics(Struct):
    """Up to 50."""

    metrics: Annotated[list[Metric], Meta(min_length=1, max_length=rules.METRICS_MAX)]


class Event(Struct):
    """An occurrence; `{"events": [...]}` takes up to 200 of them."""

    eventCode: _Code  # noqa: N815  the vendor's name
    email: _Email
    phone: _Phone | None = None
    eventTime: _When | None = None  # noqa: N815  as the vendor would
    eventId: _Id | None = None  # noqa: N815  as the vendor would
    attributes: dict[str, Any] | None = None


_CONTACT = (
    '{"email": "ann@example.com", "firstName": "Ann", "phone": "+447911123456", "tags": ["vip"], '
    '"cus_membership_tier": "gold", "cus_source_platform": "CRM", "cus_points": 120}'
)
_METRIC = (
    '{"eventCode": "offline_purchase", "eventName": "Offline Purchase", '
    '"attributes": [{"code": "store", "name": "Store", "type": "String"}, {"code": "total", "type": "Float"}]}'
)
_METRICS = (
    '{"metrics": [{"eventCode": "app_opened", "eventName": "App opened", '
    '"eventAttrs": [{"attrCode": "seconds", "attrName": "Seconds", "attrType": "BIGINT"}]}]}'
)
_EVENT = (
    '{"eventCode": "offline_purchase", "email": "ann@example.com", "eventId": "receipt-1", '
    '"attributes": {"store": "Kyiv", "total": 25.5}}'
)
_LIMITS = "12,000 requests a minute, of all calls together."
_CONFLICT = {409: "The EventCode is there already."}

REFERENCE = Reference(
    title="SmartPush: every call",
    about="The calls of SmartPush's Open API that this server speaks. What the vendor's page leaves open, and how it "
    "was decided, stands in [its reference](/docs/reference/smartpush).",
    scheme={"type": "http", "scheme": "bearer"},
    option='-H "Authorization: Bearer {key}"',
    failure=wire.Failure,
    failures={
        400: "The request breaks a rule or a limit; `code` and `message` say which.",
        401: "No API Token, or one that is unknown or revoked.",
        403: f"The workspace's plan or allow-list does not let it in; `message` says where to switch it on. "
        f"Or the token is a viewer's: `{reply.VOICE.words.read_only}`.",
        408: "The body did not come within 30 seconds.",
        413: "The body is longer than the call takes.",
        415: "The body is no JSON by its Content-Type, or compressed otherwise than with gzip.",
        429: "More than 12,000 requests a minute. The header Retry-After says when to come back.",
        503: "Not now; the header Retry-After says when. What was sent may be sent again.",
    },
    places={},
    calls=[
        Described(
            method="POST", path="/createContact",
            summary="Create a contact or change the one that has the e-mail, else the phone.",
            limits=f"64 KB; 20 custom attributes a store. {_LIMITS}",
            body=Contact, answers={200: wire.ContactAnswer},
            answer=wire.ContactAnswer(reply.SUCCESS, "success", wire.MadeContact("17")), sample=_CONTACT,
        ),
        Described(
            method="POST", path="/createCustomMetric",
            summary="Define an event with its attributes.",
            limits=f"50 events a store, 20 attributes an event. {_LIMITS}",
            body=Metric, answers={200: wire.MetricAnswer},
            answer=wire.MetricAnswer(reply.SUCCESS, "success", wire.MadeMetric("offline_purchase", "Pending")),
            sample=_METRIC, failures=_CONFLICT,
        ),
        Described(
            method="POST", path="/reportCustomEvent",
            summary="Report that an event happened: a call of ours, for the vendor names none.",
            limits=f"1 MB, up to 200 events, all or none; 20 attributes an event. {_LIMITS}",
            body=Event, answers={200: wire.ReportAnswer},
            answer=wire.ReportAnswer(reply.SUCCESS, "success", wire.Reported(1, 0)), sample=_EVENT,
        ),
        Described(
            method="POST", path="/api/v202511/bulk_create_custom_metrics.json",
            summary="Define several events at once, all or none.",
            limits=f"50 events a store, 20 attributes an event. {_LIMITS}",
            body=Metrics, answers={202: wire.MetricsAnswer},
            answer=wire.MetricsAnswer(reply.SUCCESS, "success", [wire.MadeMetric("app_opened", "Pending")]),
            sample=_METRICS, failures=_CONFLICT,
        ),
    ],
)  # fmt: skip
