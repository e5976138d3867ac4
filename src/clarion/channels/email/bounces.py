"""What a mail to a return path says: a delivery status (RFC 3464), a complaint (RFC 5965), or words alone. Pure.

Which send is meant stands in what we signed ourselves and nowhere else: the address that the mail came to, and, in the
copy of our mail that came along, its return path and its unsubscribe link. Message-IDs anybody can make up.
"""

import email
import email.policy
import re
from collections.abc import Iterator, Mapping
from email.message import Message
from email.utils import getaddresses
from typing import Literal

from clarion.channels.email.message import tag_of
from clarion.channels.email.replies import kind_of_status
from clarion.messaging.links import UNSUBSCRIBE
from clarion.messaging.port import Kind, Returned, Unreadable

MAIL_BYTES_MAX = 10_000_000
_TEXT_CHARS_MAX, _REASON_CHARS_MAX = 100_000, 500
_HEADER_CHARS_MAX, _ADDRESSES_MAX = 5_000, 10  # whoever writes to a return path may write anything
_CAME_TO = ("delivered-to", "x-original-to", "envelope-to", "x-rcpt-to", "to")
_ORIGINALS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
#: By RFC 3464's action, the strongest first; what is not here is no news.
_State = Literal["accepted", "delivered", "bounced", "complained"]
_STATES: Mapping[str, _State] = {
    "failed": "bounced",
    "delivered": "delivered",
    "relayed": "accepted",
    "expanded": "accepted",
}
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NOBODY = re.compile(
    r"(?:user|recipient|mailbox|account|address)[\w ]{0,20} (?:unknown|not found|unavailable|does ?n[o']t exist)"
    r"|(?:unknown|no such|invalid) (?:user|recipient|mailbox|account|address)|user unknown",
    re.IGNORECASE,
)
#: Codes that servers use for anything.
_VAGUE = ("5.0.", "5.5.0")
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
_TOKEN = re.compile(re.escape(UNSUBSCRIBE) + r"/([A-Za-z0-9_-]{20,100})")


def read(mail: bytes, recipient: str | None = None) -> Returned:
    """What it says. `recipient`: the address that it came to, where the mail server told. Raises Unreadable."""
    if len(mail) > MAIL_BYTES_MAX:
        raise Unreadable(f"more than {MAIL_BYTES_MAX} bytes")
    try:
        return _read(mail, recipient)
    except RecursionError as exc:
        raise Unreadable("it is nested too deeply: no mail server writes that") from exc


def _read(mail: bytes, recipient: str | None) -> Returned:
    message = email.message_from_bytes(mail, policy=email.policy.compat32)
    if not message.keys():
        raise Unreadable("this is no mail: it has no headers")
    parts = list(_parts(message))
    tags, tokens = _signs(message, parts, recipient)
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            return _complaint(part, tags, tokens)
    for part in parts:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return _delivery_status(part, tags, tokens)
    return _words(message, parts, tags, tokens)


def _parts(message: Message) -> Iterator[Message]:
    """Its parts, without those of the mail that came along."""
    yield message
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part)


def _signs(
    message: Message, parts: list[Message], recipient: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What may be ours of it: tags of return paths, tokens of links."""
    told = [str(value) for name in _CAME_TO for value in message.get_all(name, [])[:_ADDRESSES_MAX]]
    came_to = [one[:_HEADER_CHARS_MAX] for one in (recipient or "", *told)]
    addresses = [address for _, address in getaddresses(came_to)]
    tokens = []
    for part in parts:
        if part.get_content_type() not in _ORIGINALS:
            continue
        for original in _headers(part):
            addresses += [
                address
                for _, address in getaddresses([str(original.get("return-path", ""))[:_HEADER_CHARS_MAX]])
            ]
            tokens += _TOKEN.findall(str(original.get("list-unsubscribe", "")).replace("\n", ""))
    tags = [tag for tag in map(tag_of, addresses) if tag is not None]
    return tuple(dict.fromkeys(tags)), tuple(dict.fromkeys(tokens))


def _headers(part: Message) -> list[Message]:
    """The mail that came along, or its headers."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return [one for one in inner if isinstance(one, Message)]
    return [email.message_from_string(_text(part), policy=email.policy.compat32)]


def _complaint(part: Message, tags: tuple[str, ...], tokens: tuple[str, ...]) -> Returned:
    fields = _headers(part)
    kind = str(fields[0].get("feedback-type", "")).strip().lower() if fields else ""
    if kind == "not-spam":
        return Returned(tags=tags, tokens=tokens, reason="not-spam: nothing to do")
    return Returned(tags=tags, tokens=tokens, state="complained", reason=kind or "abuse")


def _delivery_status(part: Message, tags: tuple[str, ...], tokens: tuple[str, ...]) -> Returned:
    """Of several recipients (an alias) the worst."""
    found: dict[str, tuple[str, str]] = {}
    for fields in _headers(part):
        action = str(fields.get("action", "")).strip().lower()
        code = _STATUS.search(str(fields.get("status", "")))
        said = " ".join(str(fields.get("diagnostic-code", "")).split())
        if action:
            found.setdefault(action, (code[1] if code else "", said))
    action = next((one for one in _STATES if one in found), "")
    if not action:
        told = ", ".join(found) or "no action"
        return Returned(tags=tags, tokens=tokens, reason=f"{told}: nothing is settled yet")
    status, said = found[action]
    state = _STATES[action]
    return Returned(
        tags=tags, tokens=tokens, state=state, hard=state == "bounced" and is_hard(status, said),
        reason=f"{status} {said}".strip()[:_REASON_CHARS_MAX],
    )  # fmt: skip


def _words(
    message: Message, parts: list[Message], tags: tuple[str, ...], tokens: tuple[str, ...]
) -> Returned:
    """A mail server that tells it in words; whatever else came (a holiday reply) is no news."""
    sender = str(message.get("from", ""))
    if not (_DAEMON.search(sender) or message.get("x-failed-recipients")):
        return Returned(tags=tags, tokens=tokens, reason="a reply, not a bounce")
    said = "\n".join(_text(part) for part in parts if part.get_content_type() == "text/plain")
    found = _STATUS.search(said)
    code = found[1] if found else ""
    if code.startswith("2."):
        return Returned(tags=tags, tokens=tokens, reason=f"{code}: nothing to do")
    return Returned(
        tags=tags, tokens=tokens, state="bounced", hard=is_hard(code, said), reason=(code or "in words alone")
    )


def is_hard(status: str, said: str) -> bool:
    """Whether there is no such address: by the code, or where that is vague by the server's own, or its words."""
    if status.startswith("4"):
        return False
    closer = _STATUS.search(said)
    for code in (status, closer[1] if closer else ""):
        if code.startswith("4"):
            return False
        if code and (kind := kind_of_status(code)) is not None:
            return kind is Kind.BAD_ADDRESS
        if code and not code.startswith(_VAGUE):
            return False
    return _NOBODY.search(said) is not None


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return payload[:_TEXT_CHARS_MAX].decode("utf-8", "replace")
