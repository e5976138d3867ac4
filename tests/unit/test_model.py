"""Ids and dedup rules."""

import random
import uuid

from clarion.model import Ids, first_id_at, minute_of, parse_id, show_id, time_us_of

NOW_US = 1_764_000_000_123_456


def test_ids_are_version_7_and_rise_though_the_clock_stands_still_or_falls_back():
    times = iter([NOW_US, NOW_US, NOW_US, NOW_US - 5_000_000, NOW_US + 1])
    ids = Ids(lambda: next(times))
    made = [ids.next() for _ in range(5)]
    assert made == sorted(made, key=lambda one: one.bytes)
    assert {one.version for one in made} == {7}
    assert {uuid.UUID(bytes=one.bytes).variant for one in made} == {uuid.RFC_4122}


def test_the_time_of_an_id_is_that_of_its_making_to_the_microsecond():
    dice = random.Random(7)
    for _ in range(500):
        now_us = NOW_US + dice.randrange(10**12)
        assert 0 <= now_us - time_us_of(Ids(lambda now_us=now_us: now_us).next()) <= 1


def test_an_id_made_at_the_start_of_a_minute_counts_for_that_minute():
    minute_us = NOW_US // 60_000_000 * 60_000_000
    for offset in (0, 1, 59_999_999):
        assert minute_of(Ids(lambda offset=offset: minute_us + offset).next()) == minute_us
    assert minute_of(Ids(lambda: minute_us - 1).next()) == minute_us - 60_000_000


def test_the_first_id_at_a_time_is_below_every_id_made_then():
    bound = first_id_at(NOW_US)
    assert bound.bytes <= Ids(lambda: NOW_US).next().bytes
    assert bound.bytes > Ids(lambda: NOW_US - 1000).next().bytes


def test_an_id_is_shown_with_a_prefix_and_found_again():
    one = Ids(lambda: NOW_US).next()
    shown = show_id("prf", one)
    assert shown == f"prf_{one.hex}"
    assert parse_id("prf", shown) == parse_id("prf", str(one)) == one
    assert parse_id("evt", shown) is None, "another noun's"
    assert parse_id("prf", "prf_nonsense") is None


def test_the_ids_of_a_request_rise_and_are_of_one_minute():
    minute_us = NOW_US // 60_000_000 * 60_000_000
    for before in (0, 1, 10, 49, 50, 1000):
        made = Ids(lambda before=before: minute_us - before).many(200)
        assert made == sorted(made, key=lambda one: one.bytes)
        assert len(set(made)) == 200
        assert len({minute_of(one) for one in made}) == 1
