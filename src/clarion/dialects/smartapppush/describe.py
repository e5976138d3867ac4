"""What is told of the calls: the table from which OpenAPI, reference page and their tests are made."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from clarion.dialects._openapi import Described, Reference
from clarion.dialects.smartapppush import auth, reply, rules, wire
from clarion.model import Platform

_Text = Annotated[str, Meta(min_length=1, max_length=rules.TEXT_MAX, pattern="^[A-Za-z0-9_.:-]+$")]
_Token = Annotated[str, Meta(min_length=1, max_length=rules.TOKEN_MAX, pattern="^[A-Za-z0-9_.:-]+$")]
_Shown = Annotated[str, Meta(min_length=1, max_length=rules.TEXT_MAX)]
_Values = dict[str, str | bool | float]
_User = Annotated[
    str,
    Meta(max_length=rules.TEXT_MAX, pattern="^[A-Za-z0-9_.:-]*$", description="The app's own id of a user."),
]


class Caller(Struct, omit_defaults=True):
    """Who calls."""

    tenant_id: Annotated[
        _Text, Meta(description=f"The account's id, or `{auth.SELF}` for the one of the key.")
    ]
    api_key: _Shown


class Event(Caller, omit_defaults=True):
    """A behaviour, its user and their device."""

    event_name: Annotated[_Text, Meta(description="One of the system events, or any other name.")]
    event_time: Annotated[
        str,
        Meta(
            pattern=r"^20[0-4][0-9]-0[1-9]-(0[1-9]|[12][0-9])T[01][0-9]:[0-5][0-9]:[0-5][0-9](Z|[+]0[0-9]:[03]0)$",
            description="RFC 3339 with an offset, within 30 years of now.",
        ),
    ]
    device_token: Annotated[_Token, Meta(description="Firebase's, or a subscription id of OneSignal's.")]
    platform: Platform
    timezone: Annotated[
        Literal["Europe/Istanbul", "America/New_York", "UTC"], Meta(description="Any of IANA.")
    ]
    language: Annotated[Literal["en", "tr", "de"], Meta(description="Any code of ISO 639-1.")]
    country: Annotated[Literal["US", "TR", "DE"], Meta(description="Any code of ISO 3166-1 alpha-2.")]
    session_id: _Text
    app_user_id: Annotated[_User | None, Meta(description="None: whoever has the device.")] = None
    push_permission_granted: Annotated[
        bool, Meta(description="Nothing is pushed to a device whose newest event does not say true.")
    ] = False
    params: Annotated[_Values | None, Meta(description="Kept as properties; to be filtered by.")] = None
    context: Annotated[
        dict[str, Any] | None, Meta(description="Kept, sealed, shown, and never filtered by.")
    ] = None


class Opened(Caller):
    """A push that was tapped."""

    tracking_token: Annotated[_Shown, Meta(description="From the push's data.")]


class Refresh(Caller, omit_defaults=True):
    """A device whose token is another one now."""

    old_token: _Token
    new_token: _Token
    app_user_id: _User | None = None
    platform: Platform | None = None


_WHO = f'"tenant_id": "{auth.SELF}", "api_key": "$CLARION_KEY"'
_EVENT = (
    f'{{{_WHO}, "app_user_id": "user_123", "event_name": "purchase_completed", '
    '"event_time": "2026-03-29T14:30:00+03:00", "device_token": "fcm_or_onesignal_device_token", '
    '"platform": "android", "push_permission_granted": true, "timezone": "Europe/Istanbul", "language": "tr", '
    '"country": "TR", "session_id": "sess_abc123", '
    '"params": {"product_id": "SKU-9001", "amount": 49.99, "currency": "USD"}, "context": {"app_version": "2.1"}}'
)
_REFRESH = f'{{{_WHO}, "old_token": "fcm_or_onesignal_device_token", "new_token": "fcm_device_token_2"}}'
_LIMITS = "64 KB; any number of requests, unless its owner set a limit."
_STRANGER = {401: f"`{reply.UNKNOWN_KEY}`."}

REFERENCE = Reference(
    title="SmartAppPush: every call",
    about="The calls of SmartAppPush that this server speaks. The key stands in the body; `$CLARION_KEY` is put there "
    "by the shell. What the vendor's page leaves open, and how it was decided, stands in "
    "[its reference](/docs/reference/smartapppush).",
    scheme={"type": "apiKey", "in": "header", "name": "X-Server-Key"},
    option="-H 'Accept: application/json'",
    failure=wire.Failure,
    failures={
        400: "The request breaks a rule, or (of events) its key opens nothing; `error` says which.",
        403: f"`{reply.VOICE.words.read_only}`: the key's role is viewer.",
        408: "The body did not come within 30 seconds.",
        413: "The body is longer than the call takes.",
        415: "The body is no JSON by its Content-Type, or compressed otherwise than with gzip.",
        429: "More requests a minute than the owner of the key allows. The header Retry-After says when to come back.",
        503: "Not now; the header Retry-After says when. What was sent may be sent again.",
    },
    places={},
    calls=[
        Described(
            method="POST",
            path="/events",
            summary="Record a behaviour, and with it its user and their device; it is visible when it is processed, "
            "within a second as a rule.",
            limits=f"The same event is kept once, however often it is sent. {_LIMITS}",
            body=Event,
            answers={200: wire.Fingerprint},
            answer=wire.Fingerprint("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            sample=_EVENT,
        ),
        Described(
            method="POST",
            path="/pushes/opened",
            summary="Say that a push was tapped: that is the event push_opened of whoever got it.",
            limits=f"Told of a push again it changes nothing. {_LIMITS}",
            body=Opened,
            answers={200: wire.Success},
            answer=wire.Success(),
            sample=f'{{{_WHO}, "tracking_token": "$tracking_token"}}',
            failures=_STRANGER,
        ),
        Described(
            method="POST",
            path="/devices/refresh-token",
            summary="Put a device's new token in the place of its old one; permission and user stay as they are.",
            limits=f"The device is known a moment after its first event. {_LIMITS}",
            body=Refresh,
            answers={200: wire.Success},
            answer=wire.Success(),
            sample=_REFRESH,
            failures=_STRANGER | {404: f"`{reply.NO_DEVICE}`.", 409: f"`{reply.ANOTHERS}`."},
        ),
    ],
)
