"""How templates and messages are shown outside; as `views`, for the management API and the command line."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import errors, model
from clarion.api.automation_views import AUTOMATION
from clarion.api.views import PROFILE
from clarion.messaging import (
    AttemptLine,
    Content,
    Email,
    Landed,
    ReportRow,
    Seen,
    State,
    StoredSend,
    StoredTemplate,
    Text,
)
from clarion.messaging.plain import plain
from clarion.messaging.port import Payload
from clarion.messaging.returning import Settled
from clarion.messaging.sends import OPEN

TEMPLATE, MESSAGE = "tpl", "msg"
#: What a message was wanted by -> how its id is shown where that is made.
_CAUSES = {"automation": AUTOMATION}


class Template(Struct, frozen=True, kw_only=True):
    """A template. `number`: what callers that want small integers know it by. `texts` by language, where asked for."""

    id: str
    number: int
    name: str
    channel: str
    message_class: str
    topic: str | None
    retry_unknown: bool
    version: int
    changed_at: str
    sender: str | None = None
    sender_name: str | None = None
    tags: tuple[str, ...] = ()
    languages: list[str] = []
    texts: dict[str, dict[str, Any]] = {}


class Preview(Struct, frozen=True, kw_only=True):
    """What a template makes: of an e-mail all four, of SMS and Viber `text`. `language` "": the text for everybody."""

    language: str
    subject: str | None
    preheader: str | None
    text: str
    html: str | None


class Message(Struct, frozen=True, kw_only=True):
    """A message and where it stands. `reason`: why it is not sent; `tries`: attempts opened."""

    id: str
    state: str
    reason: str | None
    channel: str
    message_class: str
    topic: str | None
    recipient: str | None
    profile_id: str | None
    template_id: str | None
    version: int | None
    cause: str
    due_at: str
    expires_at: str | None
    changed_at: str
    tries: int
    provider: str | None
    provider_ref: str | None


class MessagePage(Struct, frozen=True):
    """Messages, newest first; `next` is the `before` of the next page, null on the last."""

    messages: list[Message]
    next: str | None


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided when it was due, on which facts; `times`: how often, where it was held."""

    decision: str
    reason: str | None
    until: str | None
    facts: dict[str, Any]
    decided_at: str
    times: int


class Attempt(Struct, frozen=True, kw_only=True):
    """A line of the journal: `open`, `committing` before the point of no return, `closed`, and late `evidence`."""

    n: int
    phase: str
    at: str
    provider: str | None
    outcome: str | None
    kind: str | None
    provider_ref: str | None
    said: str


class Report(Struct, frozen=True, kw_only=True):
    """What was told of it later; `by`: a `mail` that came back, or the `provider`. `said` null: it was erased."""

    state: str
    hard: bool
    by: str
    at: str
    said: str | None


class Explained(Struct, frozen=True, kw_only=True):
    """A message with what was decided and tried, and what became of it then. `decision` null: it is not due yet."""

    message: Message
    decision: Decision | None
    attempts: list[Attempt]
    reports: list[Report]
    opened_at: str | None
    clicked_at: str | None


class Returned(Struct, frozen=True, kw_only=True):
    """What a mail that came back was about. `state` null: it is no news, `reason` says what it is; `new`: it was not
    known before.
    """

    message_id: str
    state: str | None
    hard: bool
    reason: str
    new: bool


class Counts(Struct, frozen=True, kw_only=True):
    """How many messages stand where; together they are `planned_in_all`."""

    planned_in_all: int
    states: dict[str, int]


class Raw(Struct, frozen=True, kw_only=True):
    """A message in the mailbox, as it would have gone out."""

    id: str
    recipient: str
    title: str
    received_at: str
    raw: str


def template(
    one: StoredTemplate, texts: Mapping[str, Content] | None = None, *, languages: Sequence[str] = ()
) -> Template:
    """A template, with its texts where they are given, else with the `languages` that it has."""
    return Template(
        id=model.show_id(TEMPLATE, one.template_id),
        number=one.number,
        name=one.name,
        channel=one.channel,
        message_class=one.message_class.value,
        topic=one.topic,
        retry_unknown=one.retry_unknown,
        version=one.version,
        changed_at=_at(one.changed_us),
        sender=one.sender,
        sender_name=one.sender_name,
        tags=one.tags,
        languages=sorted(languages or texts or ()),
        texts={language: _text(content) for language, content in (texts or {}).items()},
    )


def preview(language: str, written: Content) -> Preview:
    """What a reader would get."""
    match written:
        case Email(subject=subject, preheader=preheader, html=html, text=text):
            return Preview(
                language=language, subject=subject, preheader=preheader,
                text=plain(html) if text is None else text, html=html,
            )  # fmt: skip
        case Text(text=text):
            return Preview(language=language, subject=None, preheader=None, text=text, html=None)
        case Payload():
            raise errors.Invalid("there is nothing to preview")


def message(one: StoredSend) -> Message:
    """A message."""
    return Message(
        id=model.show_id(MESSAGE, one.send_id),
        state=one.state.value,
        reason=one.reason,
        channel=one.channel,
        message_class=one.message_class.value,
        topic=one.topic,
        recipient=one.recipient,
        profile_id=_id(PROFILE, one.profile_id),
        template_id=_id(TEMPLATE, one.template_id),
        version=one.version,
        cause=_cause(one),
        due_at=_at(one.due_us),
        expires_at=None if one.expires_us is None else _at(one.expires_us),
        changed_at=_at(one.changed_us),
        tries=one.tries,
        provider=one.provider,
        provider_ref=one.provider_ref,
    )


def _cause(one: StoredSend) -> str:
    """`automation aut_…`: what `message list --cause` takes; the id of another kind of cause as it is stored."""
    if one.cause_id is None:
        return one.cause_kind
    prefix = _CAUSES.get(one.cause_kind)
    return f"{one.cause_kind} {model.show_id(prefix, one.cause_id) if prefix else one.cause_id}"


def message_page(found: list[StoredSend], limit: int) -> MessagePage:
    """`found` holds one more than the page where there is a next one."""
    shown = [message(one) for one in found[:limit]]
    return MessagePage(shown, shown[-1].id if len(found) > limit else None)


def explained(one: StoredSend, reports: Sequence[ReportRow], seen: Seen) -> Explained:
    """With what was decided, tried and told."""
    decided = one.decision
    return Explained(
        message=message(one),
        decision=None
        if decided is None
        else Decision(
            decision=decided.decision,
            reason=decided.reason,
            until=None if decided.until_us is None else _at(decided.until_us),
            facts=decided.facts,
            decided_at=_at(decided.decided_us),
            times=decided.times,
        ),
        attempts=[_attempt(line) for line in one.attempts],
        reports=[_report(row) for row in reports],
        opened_at=None if seen.opened_us is None else _at(seen.opened_us),
        clicked_at=None if seen.clicked_us is None else _at(seen.clicked_us),
    )


def returned(one: Settled) -> Returned:
    """What it settled."""
    return Returned(
        message_id=model.show_id(MESSAGE, one.send_id),
        state=one.state,
        hard=one.hard,
        reason=one.reason,
        new=one.new,
    )


def counts(found: Mapping[State, int]) -> Counts:
    """Every state, those with none included."""
    return Counts(
        planned_in_all=sum(found.values()), states={state.value: sends for state, sends in found.items()}
    )


def why_not_raw(one: StoredSend) -> str:
    """Why nothing lies in the mailbox of a message, and where to look instead."""
    if one.provider is None:
        wait = f"due {_at(one.due_us)}" if one.state in OPEN else f"reason {one.reason}"
        return f"nothing of this message went out ({one.state}, {wait}): its explanation says why"
    if one.provider == "mailbox":
        return (
            f"this message went to the mailbox ({one.state}), which keeps the newest and not this one any more; "
            "preview its template"
        )
    ref = f" as {one.provider_ref}" if one.provider_ref else ""
    return (
        f"this message went by {one.provider}{ref} ({one.state}, {_at(one.changed_us)}), so it is not in the mailbox, "
        "and what went out is with the provider and the reader alone. Kept here are every try with the provider's "
        "answer (explain it), and the template that it was written from (preview it)"
    )


def raw(one: Landed) -> Raw:
    """As it would have gone out."""
    return Raw(
        id=model.show_id(MESSAGE, one.send_id),
        recipient=one.recipient,
        title=one.title,
        received_at=_at(one.received_us),
        raw=one.raw.decode("utf-8", "replace"),
    )


def _report(row: ReportRow) -> Report:
    said = None if row.said is None else msgspec.json.decode(row.said)["reason"]
    return Report(state=row.state, hard=row.hard, by=row.origin, at=_at(row.heard_us), said=said)


def _attempt(line: AttemptLine) -> Attempt:
    return Attempt(
        n=line.n, phase=line.phase, at=_at(line.at_us), provider=line.provider, outcome=line.outcome,
        kind=line.kind, provider_ref=line.provider_ref, said=line.said,
    )  # fmt: skip


def _text(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(content)
    del found["is"]
    return found


def _id(prefix: str, one: UUID | None) -> str | None:
    return None if one is None else model.show_id(prefix, one)


def _at(us: int) -> str:
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat()
