"""What a caller wants sent -> a send, and what became of it -> the vendor's words. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from clarion import messaging, model, velocity
from clarion.dialects import _storable
from clarion.dialects.smashsend import rules
from clarion.dialects.smashsend.contacts import mapping as contacts
from clarion.dialects.smashsend.contacts.mapping import Told, iso
from clarion.dialects.smashsend.emails import wire
from clarion.dialects.smashsend.wire import Malformed
from clarion.messaging import State, StoredSend, StoredTemplate
from clarion.model import time_us_of
from clarion.model.email import canonical_email

MESSAGE, TEMPLATE = "msg", "tpl"
NOT_TRACKED = "Clicks and opens of this email are not tracked"

#: The vendor's word for where a message stands. What a mail server took is SENT; DELIVERED is only what somebody said.
STATUS: Mapping[State, wire.EmailStatus] = {
    State.PLANNED: "SCHEDULED",
    State.DEFERRED: "SCHEDULED",
    State.ATTEMPTING: "SCHEDULED",
    State.ACCEPTED: "SENT",
    State.UNKNOWN: "SENT",
    State.ABANDONED: "SENT",
    State.DELIVERED: "DELIVERED",
    State.COMPLAINED: "DELIVERED",
    State.BOUNCED: "FAILED",
    State.REJECTED: "FAILED",
    State.SUPPRESSED: "FAILED",
    State.EXPIRED: "FAILED",
}
#: Whoever reads them later may stand deeper in the stack than whoever wrote them.
VARIABLES_DEPTH_MAX = 32
_NOBODY_KNOWS = "The mail server did not answer: the email may have been sent or not"

#: What no header can carry.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NAMED = re.compile(r"([^<>]*?)\s*<([^<>]+)>")
#: Of a raw e-mail only, by the names of our types and the vendor's.
_RAW_ONLY = {"from_": "from", "from_name": "fromName", "subject": "subject", "preview_text": "previewText",
             "html": "html", "text": "text"}  # fmt: skip
_RAW_REQUIRED = ("from_", "subject", "html")


class Wanted(Struct, frozen=True, kw_only=True):
    """An e-mail that somebody wants sent; either `content` or `template`. `contact`: what is written of `recipient`.

    `wish` is all of it as text: the same wish gives the same text.
    """

    recipient: str
    content: messaging.Email | None
    template: str | None
    variables: dict[str, Any]
    sender: str | None
    sender_name: str | None
    reply_to: str | None
    group: str | None
    due_at: datetime | None
    contact: Told | None
    wish: str


def wanted(asked: wire.Email, now_us: int) -> Wanted:
    """Raises Malformed with the first thing that is wrong."""
    try:
        return _wanted(asked, now_us)
    except RecursionError as exc:
        raise Malformed("Invalid JSON: it is nested too deeply") from exc


def _wanted(asked: wire.Email, now_us: int) -> Wanted:
    recipient = _address("to", asked.to)
    _check_kind(asked)
    if _storable.is_deeper(asked.variables, VARIABLES_DEPTH_MAX):
        raise Malformed(f'"variables" exceed maximum depth of {VARIABLES_DEPTH_MAX}')
    if problem := _storable.problem(asked.variables):
        raise Malformed(f'"variables" {problem}')
    name, sender = _sender(asked)
    told = None
    if asked.contact_properties is not None:
        told = contacts.told(asked.contact_properties | {"email": recipient})
    return Wanted(
        recipient=recipient,
        content=None if asked.template else _content(asked),
        template=asked.template,
        variables=asked.variables or {},
        sender=sender,
        sender_name=name,
        reply_to=_reply_to(asked.reply_to),
        group=asked.group_by,
        due_at=_due_at(asked.send_at, now_us),
        contact=told,
        wish=msgspec.json.encode(asked, order="deterministic").decode(),
    )


def _check_kind(asked: wire.Email) -> None:
    """Raw or by a template: what belongs to the other kind is not dropped but refused."""
    if asked.template is not None:
        for ours, theirs in _RAW_ONLY.items():
            if getattr(asked, ours) is not None:
                raise Malformed(f'"{theirs}" is not allowed with "template"')
        return
    if asked.variables is not None:
        raise Malformed('"variables" is not allowed without "template"')
    for ours in _RAW_REQUIRED:
        if getattr(asked, ours) is None:
            raise Malformed(f'"{_RAW_ONLY[ours]}" is required')
    if not asked.html:
        raise Malformed('"html" is not allowed to be empty')


def _content(asked: wire.Email) -> messaging.Email:
    return messaging.Email(
        subject=asked.subject or "",
        html=asked.html or "",
        preheader=asked.preview_text or "",
        text=asked.text,
    )


def _sender(asked: wire.Email) -> tuple[str | None, str | None]:
    """Name and address; `fromName` before the name that stands in `from`."""
    if asked.from_ is None:
        return None, None
    found = _NAMED.fullmatch(asked.from_.strip())
    name, address = (found[1].strip().strip('"'), found[2]) if found else ("", asked.from_)
    for field, text in (("from", asked.from_.strip()), ("fromName", asked.from_name or "")):
        if _CONTROL.search(text):
            raise Malformed(f'"{field}" must not contain line breaks or other control characters')
    _address("from", address)
    return (asked.from_name or name), address.strip()


def _reply_to(given: str | list[str] | None) -> str | None:
    """With commas between; of one that is there twice the first stays."""
    if given is None:
        return None
    listed = [given] if isinstance(given, str) else given
    return ",".join(dict.fromkeys(_address("replyTo", one) for one in listed))


def _address(name: str, text: str) -> str:
    found = canonical_email(text)
    if found is None:
        raise Malformed(f'"{name}" must be a valid email')
    return found


def _due_at(given: str | float | None, now_us: int) -> datetime | None:
    """None: now; also for what is past."""
    if given is None:
        return None
    due_us = rules.time_us(given)
    if due_us is None:
        raise Malformed('"sendAt" must be an ISO 8601 string or a Unix timestamp')
    if due_us - now_us > rules.TIMESTAMP_RANGE_US:
        raise Malformed('"sendAt" must be within 30 years of the current time')
    return datetime.fromtimestamp(due_us / 1_000_000, UTC) if due_us > now_us else None


def planned(asked: wire.Email, message_id: str) -> wire.SentEmail:
    """The answer to a wish: the first one, and each later one of the same wish."""
    tracked = asked.settings and (asked.settings.track_clicks or asked.settings.track_opens)
    return wire.SentEmail(
        message_id=message_id,
        status="SCHEDULED",
        to=asked.to,
        type="templated" if asked.template else "raw",
        from_=asked.from_,
        subject=asked.subject,
        template=asked.template,
        group_by=asked.group_by,
        warning=NOT_TRACKED if tracked else None,
    )


def email(send: StoredSend, template: str | None) -> wire.SentEmail:
    """A message as the vendor shows it; of an erased person only that it was."""
    content = send.kept.content
    return wire.SentEmail(
        message_id=model.show_id(MESSAGE, send.send_id),
        status=STATUS[send.state],
        to=send.recipient or "",
        type="raw" if send.template_id is None else "templated",
        from_=send.kept.sender,
        subject=content.subject if isinstance(content, messaging.Email) else None,
        template=template,
        group_by=send.kept.tags[0] if send.kept.tags else None,
        warning=_warning(send),
    )


def _warning(send: StoredSend) -> str | None:
    if send.state in (State.UNKNOWN, State.ABANDONED):
        return _NOBODY_KNOWS
    if STATUS[send.state] != "FAILED":
        return None
    why = f": {send.reason.replace('_', ' ')}" if send.reason else ""
    return f"Not delivered ({send.state.value}{why})"


def template(one: StoredTemplate, content: messaging.Email) -> wire.Template:
    """A template as the vendor shows it; all that are there can be used."""
    sources = (content.subject, content.preheader, content.html, content.text or "")
    reads = dict.fromkeys(name for source in sources for name in velocity.lint(source).reads)
    return wire.Template(
        id=model.show_id(TEMPLATE, one.template_id),
        name=one.name,
        display_name=one.name,
        subject=content.subject,
        preview_text=content.preheader,
        status="ACTIVE",
        created_at=iso(time_us_of(one.template_id)),
        updated_at=iso(one.changed_us),
        variables={name: wire.Variable(name) for name in reads},
        body_html=content.html,
        body_text=content.text,
    )
