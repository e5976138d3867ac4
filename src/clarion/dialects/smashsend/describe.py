"""What is told of the calls: the table from which OpenAPI, reference page and their tests are made.

Events are judged by `rules`, which tells all that is wrong at once; the Structs here say the same to readers.
"""

import inspect
from typing import Annotated

from msgspec import Meta, Struct

from clarion.dialects._openapi import Described, Reference
from clarion.dialects._spoken import Spoken
from clarion.dialects.smashsend import contacts, emails, limits, reply, rules, wire

_Text = Annotated[str, Meta(max_length=limits.STRING_MAX)]
_Primitive = _Text | float | bool | None
_Value = _Primitive | Annotated[list[_Primitive], Meta(max_length=limits.ARRAY_MAX)]
_Flat = dict[str, _Value]


class Identify(Struct, omit_defaults=True):
    """Whom an event is of."""

    email: Annotated[
        str,
        Meta(
            max_length=254,
            extra_json_schema={"format": "email"},
            description="Finds the contact, or makes it.",
        ),
    ]
    traits: Annotated[_Flat | None, Meta(description="Merged into the contact.")] = None


class Event(Struct, rename={"message_id": "messageId"}, omit_defaults=True):
    """Something that a contact did."""

    event: Annotated[
        str,
        Meta(min_length=1, max_length=rules.NAME_MAX, pattern="^[A-Za-z0-9_.:-]+$", description="Its name."),
    ]
    identify: Identify
    properties: Annotated[
        dict[str, _Value | dict[str, _Value | _Flat]] | None,
        Meta(description=f"What happened: up to {limits.LEAVES_MAX} values, 3 levels of objects."),
    ] = None
    timestamp: Annotated[
        Annotated[str, Meta(extra_json_schema={"format": "date-time"})] | float | None,
        Meta(description="When: ISO 8601 or Unix time, within 30 years of now. Now unless said."),
    ] = None
    message_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=rules.MESSAGE_ID_MAX)] | None,
        Meta(description="By which a repeat is known for 24 hours. Made of the content unless said."),
    ] = None


class Events(Struct):
    """Many events."""

    events: Annotated[list[Event], Meta(max_length=wire.BATCH_EVENTS_MAX)]


_SIGNUP = (
    '{"event": "user.signup", "identify": {"email": "ann@example.com", "traits": {"firstName": "Ann"}}, '
    '"properties": {"plan": "premium"}, "messageId": "signup_1"}'
)
_ANSWERS = {**contacts.ANSWERS, **emails.ANSWERS}
_READS_ONLY = {403: f"`{reply.VOICE.words.read_only}`: the key's role is VIEWER."}
_NOBODY = {404: "Nothing in this workspace has that id, e-mail or name."}
_TAKEN = {409: "Another one has that e-mail, name or key."}


def _events() -> list[Described]:
    return [
        Described(
            method="POST",
            path="/v1/events",
            summary="Keep one event; its contact is made or updated when it is processed, within a second as a rule.",
            limits="32 KB; 1,000 requests a minute.",
            body=Event,
            answers={200: wire.Queued},
            sample=_SIGNUP,
            answer=wire.Queued(True, "signup_1", reply.QUEUED),
            failures=_READS_ONLY,
        ),
        Described(
            method="POST",
            path="/v1/events/batch",
            summary="Keep up to 200 events, each for itself: 200 when none failed, 207 when some did, "
            "400 when all did.",
            limits="6.4 MB, each event 32 KB; 50 requests a minute.",
            body=Events,
            answers={200: wire.BatchResult, 207: wire.BatchResult, 400: wire.BatchResult},
            sample=f'{{"events": [{_SIGNUP.replace("signup_1", "signup_2")}]}}',
            answer=wire.BatchResult(1, 0, 0, [wire.EventStatus(0, "signup_2", "accepted")], []),
            failures=_READS_ONLY,
        ),
    ]


def _described(one: Spoken) -> Described:
    conflicts = (one.method, one.path) in {
        ("PUT", "/v1/contacts/{contactId}"),
        ("POST", "/v1/contact-properties"),
        ("POST", "/v1/emails"),
    }
    return Described(
        method=one.method,
        path=one.path,
        summary=(inspect.getdoc(one.serve) or "").partition("\n")[0],
        limits="1,000 requests a minute, of all calls but those for events together.",
        query=one.asks,
        body=one.body,
        answers={200: one.answers},
        sample=one.sample,
        sample_query=one.sample_query,
        answer=_ANSWERS[one.answers],
        failures=(_READS_ONLY if one.writes else {})
        | (_NOBODY if "{" in one.path or one.path == "/v1/emails" else {})
        | (_TAKEN if conflicts else {}),
    )


REFERENCE = Reference(
    title="SMASHSEND: every call",
    about="The calls of SMASHSEND's API that this server speaks, as programs send them. What the vendor's page leaves "
    "open, and how it was decided, stands in [its reference](/docs/reference/smashsend).",
    scheme={"type": "http", "scheme": "bearer"},
    option='-H "Authorization: Bearer {key}"',
    failure=wire.Failure,
    failures={
        400: "The request breaks a rule; `message` says which.",
        401: f"`{reply.VOICE.words.unauthorized}`: unknown, archived or missing.",
        408: "The body did not come within 30 seconds.",
        413: "The body is longer than the call takes.",
        415: "The body is compressed otherwise than with gzip.",
        429: f"`{reply.VOICE.words.over_rate}` The header Retry-After says when exactly.",
        503: "Not now; the header Retry-After says when. What was sent may be sent again.",
    },
    places={
        "contactId": "A contact's id: `ctc_…`.",
        "email": "A contact's e-mail address.",
        "propertyId": "A contact property's id: `ctp_…`.",
        "workspaceId": "The workspace's id, as each contact and key shows it: `wrk_…`.",
        "apiKeyId": "A key's id: `key_…`.",
        "messageId": "An e-mail's id: `msg_…`.",
        "transactionalId": "A template's id, `tpl_…`, or its name.",
    },
    calls=[*_events(), *map(_described, (*contacts.CALLS, *emails.CALLS))],
)
