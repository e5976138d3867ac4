"""Whether a message may go out: what stops whom, and until when."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.messaging import policy
from clarion.messaging.policy import Cap, Due, Hold, Quiet, Rules, Send, Standing, Suppress, Why
from clarion.messaging.port import MessageClass
from clarion.profiles import Reason

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
BULK = Due(message_class=MessageClass.MARKETING, topic="news")
RECEIPT = Due(message_class=MessageClass.TRANSACTIONAL, topic="news")
KYIV = ZoneInfo("Europe/Kyiv")
NIGHT = Rules(quiet=Quiet(time(22), time(8)))


NO_RULES = Rules()


def decide(due, rules=NO_RULES, *, now=NOW, **standing):
    return policy.decide(due, Standing(**standing), rules, now=now)


def test_nothing_in_the_way_is_sent():
    assert decide(BULK) == Send()


@pytest.mark.parametrize("reason", list(Reason))
def test_a_suppression_has_its_own_reason(reason):
    assert decide(BULK, suppressed=reason) == Suppress(Why(reason.value))


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        ({"channel_agreed": False}, Why.CHANNEL_REFUSED),
        ({"topic_agreed": False}, Why.TOPIC_REFUSED),
        ({"topic_opt_in": True}, Why.NOT_AGREED),
        ({"channel_agreed": False, "topic_agreed": True}, Why.CHANNEL_REFUSED),
    ],
)
def test_a_no_stops_marketing_and_no_receipt(standing, why):
    assert decide(BULK, **standing) == Suppress(why)
    assert decide(RECEIPT, **standing) == Send()


def test_a_yes_is_enough_where_one_is_wanted():
    assert decide(BULK, topic_opt_in=True, topic_agreed=True) == Send()


@pytest.mark.parametrize("due", [BULK, RECEIPT])
def test_who_is_gone_or_nowhere_gets_nothing(due):
    assert decide(due, person=False) == Suppress(Why.NO_PERSON)
    assert decide(due, address=False) == Suppress(Why.NO_ADDRESS)


def test_a_cap_counts_what_was_sent_in_its_hours():
    rules = Rules(cap=Cap(messages=2, hours=24))
    old, young = NOW - timedelta(hours=25), NOW - timedelta(hours=1)
    assert decide(BULK, rules, sent_at=[old, old, young]) == Send()
    assert decide(BULK, rules, sent_at=[old, young, young]) == Suppress(Why.TOO_MANY)
    assert decide(RECEIPT, rules, sent_at=[young] * 9) == Send()


def test_what_is_late_is_not_sent():
    due = Due(message_class=MessageClass.TRANSACTIONAL, expires_at=NOW)
    assert decide(due) == Suppress(Why.EXPIRED)
    assert decide(due, now=NOW - timedelta(seconds=1)) == Send()


def test_the_night_is_the_readers():
    now = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)  # 23:00 in Kyiv, 16:00 in New York
    assert decide(BULK, NIGHT, now=now, zone=KYIV) == Hold(
        datetime(2026, 6, 11, 5, 0, tzinfo=UTC), Why.QUIET_HOURS
    )
    assert decide(BULK, NIGHT, now=now, zone=ZoneInfo("America/New_York")) == Send()
    assert decide(RECEIPT, NIGHT, now=now, zone=KYIV) == Send()


def test_an_unknown_zone_is_quiet():
    assert decide(BULK, NIGHT) == Hold(NOW + policy.ZONE_UNKNOWN_WAIT, Why.ZONE_UNKNOWN)


def test_what_would_be_late_after_the_night_is_given_up_at_once():
    now = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)
    due = Due(message_class=MessageClass.MARKETING, expires_at=now + timedelta(hours=3))
    assert decide(due, NIGHT, now=now, zone=KYIV) == Suppress(Why.EXPIRED)


@pytest.mark.parametrize(
    ("zone", "quiet", "around"),
    [
        ("Africa/Cairo", Quiet(time(20), time(0, 0)), datetime(2026, 4, 23, 12, tzinfo=UTC)),  # no midnight
        ("America/Havana", Quiet(time(20), time(0, 0)), datetime(2026, 3, 7, 12, tzinfo=UTC)),
        ("America/Santiago", Quiet(time(20), time(0, 30)), datetime(2026, 9, 5, 12, tzinfo=UTC)),
        (
            "Australia/Lord_Howe",
            Quiet(time(22), time(2, 15)),
            datetime(2026, 10, 3, 2, tzinfo=UTC),
        ),  # half an hour
        (
            "Antarctica/Troll",
            Quiet(time(22), time(2, 30)),
            datetime(2026, 3, 28, 12, tzinfo=UTC),
        ),  # two hours
        ("Europe/Kyiv", Quiet(time(22), time(3, 30)), datetime(2026, 3, 28, 12, tzinfo=UTC)),  # gap
        ("Europe/Kyiv", Quiet(time(22), time(3, 30)), datetime(2026, 10, 24, 12, tzinfo=UTC)),  # twice
        ("Europe/Kyiv", Quiet(time(1), time(3, 15)), datetime(2026, 10, 24, 12, tzinfo=UTC)),
        ("Asia/Gaza", Quiet(time(23), time(3)), datetime(2026, 3, 27, 12, tzinfo=UTC)),
    ],
)
def test_nothing_goes_out_in_a_quiet_minute_and_nothing_waits_past_the_first_loud_one(zone, quiet, around):
    """Against a count of every minute of two days. Taking the wall's time for the instant fails in six of these."""
    local = ZoneInfo(zone)

    def loud(at):
        wall = at.astimezone(local).time()
        inside = (
            quiet.from_ <= wall < quiet.until
            if quiet.from_ < quiet.until
            else (wall >= quiet.from_ or wall < quiet.until)
        )
        return not inside

    minutes = [around + timedelta(minutes=n) for n in range(2 * 24 * 60)]
    for at in minutes[: 36 * 60]:
        decision = decide(BULK, Rules(quiet=quiet), now=at, zone=local)
        if loud(at):
            assert decision == Send(), at
        else:
            assert decision == Hold(
                next(one for one in minutes if one > at and loud(one)), Why.QUIET_HOURS
            ), at
