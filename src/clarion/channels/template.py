"""Any gateway by template: the request is made of what the workspace wrote, with named holes. For SMS and Viber."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from clarion.channels import _answers, webhook
from clarion.channels._request import Answer, Failed, Request, Web
from clarion.messaging import configs
from clarion.messaging.port import (
    Accepted,
    Committing,
    Kind,
    Outgoing,
    Rejected,
    Report,
    Result,
    Text,
    Unknown,
    Unreadable,
)

_HOLE = re.compile(r"\{([a-z_]+(?:\.[A-Za-z0-9_-]+)?)\}")
_NOT_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SHOWN_MAX = 200
_NAMES = frozenset({"to", "text", "sender", "send_id"})


class Unfillable(Exception):
    """A template and its values do not make a request; the text says why."""


class Template:
    """The provider `http`."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def check(self, config: configs.Http) -> None:
        """Raises Invalid: a hole without a name we know, a host that is a hole or must not be reached."""
        check(config)
        await self._web.check(_HOLE.sub("x", config.url))

    async def send(self, message: Outgoing, config: configs.Http, *, committing: Committing) -> Result:
        """Ask the gateway once."""
        try:
            request = build(message, config)
        except Unfillable as exc:
            return Rejected(reason=str(exc), permanent=True, kind=Kind.REFUSED_CONTENT)
        try:
            answer = await self._web.ask(
                request, workspace_id=message.workspace_id, timeout_s=config.timeout_s, committing=committing
            )
        except Failed as exc:
            return _answers.of_failure(exc)
        return parse(answer, config)

    def again_within_s(self, config: configs.Http) -> int:
        return config.idempotency_window_s if config.idempotency_header else 0


def check(config: configs.Http) -> None:
    """What of a template is wrong whatever it is filled with. Raises Invalid."""
    if config.json is not None and config.form is not None:
        raise _answers.invalid("http: json and form exclude each other")
    authority = config.url.partition("://")[2].partition("/")[0]
    if _HOLE.search(authority.partition("?")[0]):
        raise _answers.invalid("http: the URL's host cannot be a hole")
    for text in (config.url, *config.headers.values(), *(config.form or {}).values(), *_texts(config.json)):
        for name in _HOLE.findall(text):
            kind, _, of = name.partition(".")
            if (
                name not in _NAMES
                and not (of and kind == "value")
                and not (kind == "secret" and of in config.secrets)
            ):
                raise _answers.invalid(f"http: nothing fills {{{name}}}")
    if bad := [
        name for name in config.headers if _HEADER.fullmatch(name) is None or name.lower() in _NOT_OURS
    ]:
        raise _answers.invalid(f"http: header {bad[0]!r} cannot be set")


def build(message: Outgoing, config: configs.Http) -> Request:
    """The request. Raises Unfillable."""
    if not isinstance(message.content, Text):
        raise Unfillable("not a text message")
    values = _values(message, message.content, config)
    headers = {name: _header(_fill(text, values, str)) for name, text in config.headers.items()}
    if config.idempotency_header:
        headers[config.idempotency_header] = str(message.send_id)
    body = b""
    if config.json is not None:
        body = msgspec.json.encode(_filled(config.json, values))
        headers = {"Content-Type": "application/json"} | headers
    elif config.form is not None:
        pairs = {name: _fill(text, values, str) for name, text in config.form.items()}
        body = urlencode(pairs, errors="strict").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    url = _fill(config.url, values, lambda text: quote(text, safe=""))
    return Request(method=config.method, url=url, headers=headers, body=body)


def parse(answer: Answer, config: configs.Http) -> Result:
    """What the answer means. A 2xx whose body does not say what was agreed may have been a sent message."""
    document = _document(answer)
    if not 200 <= answer.status < 300:
        return _answers.of_status(answer, _at(document, config.reason_path))
    if answer.status not in config.accepted_statuses:
        return Unknown(f"answered {answer.status}, which is not among the accepted statuses")
    if document is None and (config.accepted_path or config.ref_path):
        return Unknown(f"answered {answer.status} with what is not JSON")
    if config.accepted_path is not None:
        found = _at(document, config.accepted_path)
        if not found:
            return Unknown(f"answered {answer.status} without {config.accepted_path}")
        if config.accepted_values and found not in config.accepted_values:
            why = _at(document, config.reason_path)
            reason = f"{config.accepted_path} is {found}{': ' if why else ''}{why}"
            return Rejected(reason=reason, permanent=True, kind=Kind.OTHER)
    return Accepted(_at(document, config.ref_path) or None, _answers.said(answer))


def verify(config: configs.Http, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether a report was signed with the provider's `report_secret`, as Standard Webhooks has it."""
    return config.report_secret is not None and webhook.verify((config.report_secret,), headers, body, now_s)


class _Report(Struct, frozen=True):
    """One, in our own words: a gateway's are translated by whoever passes them on."""

    state: Literal["accepted", "delivered", "bounced", "complained"]
    ref: Annotated[str, Meta(max_length=_SHOWN_MAX, pattern="^[^\\u0000]*$")] | None = None
    send_id: UUID | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""
    hard: bool = False


class _Reports(Struct, frozen=True):
    reports: Annotated[tuple[_Report, ...], Meta(max_length=1_000)]


def parse_reports(body: bytes) -> list[Report]:
    """`{"reports": [{"state": "delivered", "ref": "…"}]}`. Raises Unreadable."""
    try:
        found = msgspec.json.decode(body, type=_Reports).reports
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise Unreadable(str(exc)) from exc
    if any(one.ref is None and one.send_id is None for one in found):
        raise Unreadable("a report should name its message by ref or send_id")
    return [
        Report(
            provider_ref=one.ref, send_id=one.send_id, state=one.state, reason=one.reason,
            raw=msgspec.to_builtins(one), hard=one.hard,
        )
        for one in found
    ]  # fmt: skip


def _document(answer: Answer) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _values(message: Outgoing, content: Text, config: configs.Http) -> dict[str, str]:
    return {
        "to": message.recipient,
        "text": content.text,
        "sender": message.sender or config.sender,
        "send_id": str(message.send_id),
        **{f"secret.{name}": value for name, value in config.secrets.items()},
        **{f"value.{name}": _word(value) for name, value in message.values.items()},
    }


def _fill(text: str, values: Mapping[str, str], quoted: Callable[[str], str]) -> str:
    """Every hole at once: what a value holds is never read as a template."""

    def of(hole: re.Match[str]) -> str:
        try:
            return quoted(values[hole[1]])
        except KeyError:
            raise Unfillable(f"nothing fills {{{hole[1]}}}") from None
        except UnicodeEncodeError:
            raise Unfillable(f"{{{hole[1]}}} is not Unicode") from None

    return _HOLE.sub(of, text)


def _filled(shape: Any, values: Mapping[str, str]) -> Any:
    match shape:
        case str():
            return _fill(shape, values, str)
        case dict():
            return {name: _filled(inner, values) for name, inner in shape.items()}
        case list() | tuple():
            return [_filled(inner, values) for inner in shape]
        case _:
            return shape


def _texts(shape: Any) -> list[str]:
    match shape:
        case str():
            return [shape]
        case dict():
            return [text for inner in shape.values() for text in _texts(inner)]
        case list() | tuple():
            return [text for inner in shape for text in _texts(inner)]
        case _:
            return []


def _header(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise Unfillable("a header would hold a control character")
    return value


def _at(document: Any, path: str | None) -> str:
    """What stands at `messages.0.id`, as text of bounded length without U+0000, which PostgreSQL does not keep; empty
    where there is no such place.
    """
    for step in path.split(".") if path else ():
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return ""
    return "" if document is None or path is None else _word(document).replace("\0", "")[:_SHOWN_MAX]


def _word(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
