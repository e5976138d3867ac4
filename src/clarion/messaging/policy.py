"""May a message go out now? Decided when it is due, and again in the transaction that opens the attempt. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from clarion import profiles
from clarion.messaging.port import MessageClass

_MINUTE = timedelta(minutes=1)
#: How long a message waits whose reader's zone nobody knows, before that is asked again.
ZONE_UNKNOWN_WAIT = timedelta(hours=1)


class Why(StrEnum):
    """Why a message is held or never sent."""

    UNSUBSCRIBED = "unsubscribed"  #: the address's owner wants nothing in bulk
    HARD_BOUNCE = "hard_bounce"  #: there is no such address
    COMPLAINT = "complaint"  #: the address's owner called our mail spam
    BY_HAND = "by_hand"  #: somebody here said that nothing goes there
    CHANNEL_REFUSED = "channel_refused"  #: the address's owner said no to the channel
    TOPIC_REFUSED = "topic_refused"  #: the address's owner said no to the topic
    NOT_AGREED = "not_agreed"  #: the topic wants a yes, and there is none
    TOO_MANY = "too_many"  #: the address got as many messages as the channel's rule allows
    EXPIRED = "expired"  #: its time has passed, or will have before it may go out
    NO_ADDRESS = "no_address"  #: the person has no address on the channel
    NO_PERSON = "no_person"  #: the person is gone: erased
    QUIET_HOURS = "quiet_hours"  #: it is night where the reader is
    ZONE_UNKNOWN = "zone_unknown"  #: nobody knows whether it is night where the reader is


#: Why a message is held; what is held for one of these is decided anew when the rule changes.
HOLDING = (Why.QUIET_HOURS, Why.ZONE_UNKNOWN)
OF_SUPPRESSION = {reason: Why(reason.value) for reason in profiles.Reason}


class Quiet(Struct, frozen=True):
    """Hours of the reader's day in which no marketing is sent: from, until. `from` after `until` goes over midnight."""

    from_: time
    until: time


class Cap(Struct, frozen=True):
    """So many marketing messages to one address in so many hours."""

    messages: int
    hours: int


class Rules(Struct, frozen=True, kw_only=True):
    """A channel's rules."""

    quiet: Quiet | None = None
    cap: Cap | None = None


class Due(Struct, frozen=True, kw_only=True):
    """What of a message matters. `expires_at` None: it may wait for ever."""

    message_class: MessageClass
    topic: str | None = None
    expires_at: datetime | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of its reader. `address` False: none on the channel; `person` False: erased.

    `suppressed`: the reason that stops this class. `channel_agreed`, `topic_agreed` None: never said.
    `zone` None: unknown. `sent_at`: marketing that went to the address, newest last.
    """

    person: bool = True
    address: bool = True
    suppressed: profiles.Reason | None = None
    channel_agreed: bool | None = None
    topic_agreed: bool | None = None
    topic_opt_in: bool = False
    zone: ZoneInfo | None = None
    sent_at: Sequence[datetime] = ()


class Send(Struct, frozen=True, tag="send"):
    """Now."""


class Hold(Struct, frozen=True, tag="hold"):
    """Not before `until`; then it is decided again."""

    until: datetime
    reason: Why


class Suppress(Struct, frozen=True, tag="suppress"):
    """Never."""

    reason: Why


Decision = Send | Hold | Suppress


def decide(due: Due, standing: Standing, rules: Rules, *, now: datetime) -> Decision:
    """What stops everything first, then what stops marketing, then what delays it."""
    if (never := _never(due, standing, now)) is not None:
        return Suppress(never)
    if due.message_class is MessageClass.TRANSACTIONAL:
        return Send()
    if (never := _no_marketing(due, standing, rules, now)) is not None:
        return Suppress(never)
    held = _held(standing, rules, now)
    if held is not None and due.expires_at is not None and held.until >= due.expires_at:
        return Suppress(Why.EXPIRED)
    return held or Send()


def _never(due: Due, standing: Standing, now: datetime) -> Why | None:
    if not standing.person:
        return Why.NO_PERSON
    if not standing.address:
        return Why.NO_ADDRESS
    if due.expires_at is not None and now >= due.expires_at:
        return Why.EXPIRED
    return None if standing.suppressed is None else OF_SUPPRESSION[standing.suppressed]


def _no_marketing(due: Due, standing: Standing, rules: Rules, now: datetime) -> Why | None:
    if standing.channel_agreed is False:
        return Why.CHANNEL_REFUSED
    if due.topic is not None and standing.topic_agreed is False:
        return Why.TOPIC_REFUSED
    if due.topic is not None and standing.topic_opt_in and standing.topic_agreed is None:
        return Why.NOT_AGREED
    if rules.cap is not None:
        since = now - timedelta(hours=rules.cap.hours)
        if sum(at > since for at in standing.sent_at) >= rules.cap.messages:
            return Why.TOO_MANY
    return None


def _held(standing: Standing, rules: Rules, now: datetime) -> Hold | None:
    if rules.quiet is None or rules.quiet.from_ == rules.quiet.until:
        return None
    if standing.zone is None:
        return Hold(now + ZONE_UNKNOWN_WAIT, Why.ZONE_UNKNOWN)
    if not _is_quiet(rules.quiet, now.astimezone(standing.zone).time()):
        return None
    return Hold(_end_of(rules.quiet, standing.zone, now), Why.QUIET_HOURS)


def _is_quiet(quiet: Quiet, at: time) -> bool:
    if quiet.from_ < quiet.until:
        return quiet.from_ <= at < quiet.until
    return at >= quiet.from_ or at < quiet.until


def _end_of(quiet: Quiet, zone: ZoneInfo, now: datetime) -> datetime:
    """When the hours end that now is in: the end by the wall, moved on where clocks make that minute quiet or none.

    Where the wall shows the end twice, the first time is taken, if it is not past; where it never shows it, the first
    minute that it does show.
    """
    local = now.astimezone(zone)
    wall = datetime.combine(local.date(), quiet.until)
    if wall <= local.replace(tzinfo=None):
        wall += timedelta(days=1)
    found = instant(wall, zone)
    while found <= now or _is_quiet(quiet, found.astimezone(zone).time()):
        found += _MINUTE
    return found


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """A wall's time as an instant: what it shows twice is the first, what it never shows its first minute after."""
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    before = wall.replace(tzinfo=zone, fold=1).astimezone(
        UTC
    )  # by the offset that holds after the gap: too early
    while before.astimezone(zone).replace(tzinfo=None) < wall:
        before += _MINUTE
    return before
