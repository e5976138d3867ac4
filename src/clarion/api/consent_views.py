"""How topics, consent and sending rules are shown outside; as `views`, for the management API and the command line."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from clarion import messaging
from clarion.messaging import SendingRule
from clarion.profiles import Reason


class Topic(Struct, frozen=True, kw_only=True):
    """What marketing is about. `opt_in`: nobody gets it who has not said yes."""

    name: str
    title: str
    opt_in: bool


class Answer(Struct, frozen=True, kw_only=True):
    """What an address's owner said to a topic (null: nothing), and whether they get it for that."""

    topic: str
    title: str
    said: bool | None
    gets: bool


class Consent(Struct, frozen=True, kw_only=True):
    """What an address's owner agreed to on a channel. `said`: to the channel as a whole; `suppressed`: why nothing, or
    nothing in bulk, is sent whatever they said.
    """

    value: str
    channel: str
    said: bool | None
    suppressed: list[str]
    topics: list[Answer]


class Count(Struct, frozen=True, kw_only=True):
    """How many addresses said yes and no. `topic` empty: to the channel as a whole."""

    channel: str
    topic: str
    yes: int
    no: int


class Rule(Struct, frozen=True, kw_only=True):
    """A channel's rules for marketing; null: there is none. `quiet`: from and until by the reader's wall; `cap`:
    messages in hours to one address.
    """

    channel: messaging.Channel
    quiet: str | None
    cap: str | None
    expires_hours: int | None
    track_opens: bool
    track_clicks: bool


def topic(one: messaging.Topic) -> Topic:
    return Topic(name=one.name, title=one.title, opt_in=one.opt_in)


def consent(
    value: str,
    channel: str,
    said: Mapping[str, bool],
    topics: Sequence[messaging.Topic],
    suppressed: frozenset[Reason],
) -> Consent:
    """`said` by topic, '' the channel."""
    listens = said.get("") is not False and not suppressed
    return Consent(
        value=value,
        channel=channel,
        said=said.get(""),
        suppressed=sorted(reason.value for reason in suppressed),
        topics=[
            Answer(
                topic=one.name,
                title=one.title,
                said=said.get(one.name),
                gets=listens and said.get(one.name, not one.opt_in),
            )
            for one in topics
        ],
    )


def rule(channel: messaging.Channel, one: SendingRule) -> Rule:
    quiet = cap = None
    if one.quiet_from is not None and one.quiet_until is not None:
        quiet = f"{_wall(one.quiet_from)}-{_wall(one.quiet_until)}"
    if one.cap_messages is not None and one.cap_hours is not None:
        cap = f"{one.cap_messages}/{one.cap_hours}"
    return Rule(
        channel=channel,
        quiet=quiet,
        cap=cap,
        expires_hours=one.expires_hours,
        track_opens=one.track_opens,
        track_clicks=one.track_clicks,
    )


def _wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
