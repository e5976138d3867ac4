"""What is told of the calls: the table from which OpenAPI, reference page and their tests are made."""

import inspect
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from clarion.dialects._openapi import Described, Reference
from clarion.dialects._spoken import Spoken
from clarion.dialects.yotpo import auth, customers, reply, routes, rules, tokens, wire

_Id = Annotated[
    str,
    Meta(
        min_length=1, max_length=rules.TEXT_MAX, pattern="^[A-Za-z0-9_.:-]+$", description="A UUID is best."
    ),
]
_Name = Annotated[str, Meta(min_length=1, max_length=rules.TEXT_MAX, pattern="^[A-Za-z0-9_.:-]+$")]
_Value = str | bool | float
_Values = dict[str, _Value]


class Whom(Struct, omit_defaults=True):
    """Whom an event is about: external_id, or only one of phone_number and email."""

    external_id: Annotated[_Name | None, Meta(description="Makes, finds and joins profiles.")] = None
    email: Annotated[str | None, Meta(extra_json_schema={"format": "email"})] = None
    phone_number: Annotated[
        Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,14}$")] | None, Meta(description="E.164.")
    ] = None
    custom_properties: Annotated[
        _Values | None,
        Meta(description="About the customer: primitive values; names have underscores instead of spaces."),
    ] = None


class Event(Struct, omit_defaults=True):
    """Something that a customer did."""

    type: Annotated[_Name, Meta(description="What happened, as order_shipped.")]
    unique_id: Annotated[_Name, Meta(description="A UUID is best.")]
    customer: Whom
    source: Annotated[_Name | None, Meta(description="The tool that sends the event.")] = None
    occurred_at: Annotated[
        Annotated[str, Meta(extra_json_schema={"format": "date-time"})] | None,
        Meta(description="When: ISO 8601, within 30 years of now. Now unless said."),
    ] = None
    properties: Annotated[_Values | None, Meta(description="About the event: primitive values.")] = None


_SHIPPED = (
    '{"source": "shipping_tool", "type": "order_shipped", "occurred_at": "2026-01-15T10:30:00Z", '
    '"unique_id": "0b7e9f1c-3a52-4a4f-9a53-2d1f6f0f6a11", "customer": {"external_id": "12345", '
    '"email": "ann@example.com", "custom_properties": {"loyalty_level": 3}}, "properties": {"carrier": "DHL"}}'
)
_LIMITS = "64 KB; 3,000 requests a minute, of all calls together."
_READS_ONLY = {403: f"`{reply.VOICE.words.read_only}`: the key's role is viewer."}
_NO_STORE = {404: f"`{reply.NO_STORE}`."}
_TOKEN = "yot_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghijk"


def _event(method: str, path: str) -> Described:
    return Described(
        method=method,
        path=path,
        summary="Keep an event, or put it in the place of the one with the same unique_id; it is visible when it is "
        "processed, within a second as a rule.",
        limits=_LIMITS,
        body=Event,
        answers={200: wire.QueuedEvent},
        answer=wire.QueuedEvent(wire.Queued("0b7e9f1c-3a52-4a4f-9a53-2d1f6f0f6a11", "order_shipped")),
        sample=_SHIPPED,
        failures=_READS_ONLY | _NO_STORE,
    )


_BODIES: Mapping[type[Struct] | None, str] = {customers.Written: _LIMITS}


def _described(one: Spoken) -> Described:
    return Described(
        method=one.method,
        path=one.path,
        summary=(inspect.getdoc(one.serve) or "").partition("\n")[0],
        limits=_BODIES.get(one.body, f"{customers.PAGE_MAX} a page; {_LIMITS.partition('; ')[2]}"),
        query=one.asks,
        body=one.body,
        answers={200: one.answers},
        answer=one.answer,
        sample=one.sample,
        sample_query=one.sample_query,
        failures=(_READS_ONLY if one.writes else {}) | _NO_STORE,
    )


REFERENCE = Reference(
    title="Yotpo: every call",
    about="The calls of Yotpo's Core API that this server speaks, as programs send them. `$store_id` is `self`, the "
    "store of whoever calls, or its `app_key`, which `clarion credential show ID --reveal` prints. "
    "What the vendor's page leaves open, and how it was decided, "
    "stands in [its reference](/docs/reference/yotpo).",
    scheme={"type": "apiKey", "in": "header", "name": "X-Yotpo-Token"},
    option='-H "X-Yotpo-Token: {key}"',
    failure=wire.Failures,
    failures={
        400: "The request breaks a rule; `message` says which.",
        401: "No token or secret, or one that is unknown, over or revoked.",
        408: "The body did not come within 30 seconds.",
        413: "The body is longer than the call takes.",
        415: "The body is no JSON by its Content-Type, or compressed otherwise than with gzip.",
        429: "More than 3,000 requests a minute. The header Retry-After says when to come back.",
        503: "Not now; the header Retry-After says when. What was sent may be sent again.",
    },
    places={"store_id": "The store's id (app_key), or `self` for the one of the token."},
    beginning={"store_id": "self"},
    calls=[
        Described(
            method="POST",
            path=routes.ACCESS_TOKENS,
            summary="Get an access token for the secret, which stands in the body or in the header.",
            limits=f"The token ends after {auth.TOKEN_S // 86_400} days.",
            body=tokens.Secret,
            answers={200: tokens.Token},
            answer=tokens.Token(_TOKEN),
            sample="{}",
            failures=_NO_STORE,
        ),
        Described(
            method="POST",
            path=routes.OAUTH,
            summary="Get an access token in the words of OAuth, as JSON or as a form.",
            limits=f"The token ends after {auth.TOKEN_S // 86_400} days.",
            body=tokens.Grant,
            answers={200: tokens.BearerToken},
            answer=tokens.BearerToken(_TOKEN),
            sample='{"grant_type": "client_credentials"}',
            failures=_NO_STORE,
        ),
        *(_event(method, path) for path in routes.EVENTS for method in routes.EVENT_METHODS),
        *map(_described, customers.CALLS),
    ],
)
