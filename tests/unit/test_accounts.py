"""Rates and credentials, without a database."""

import asyncio
import re
import uuid

import pytest

from clarion import errors
from clarion.accounts import Credential, Credentials, Rates, new_secret
from clarion.accounts.credentials import KNOWN_FOR_S, STRANGERS_PER_S, UNKNOWN_FOR_S, hash_of
from clarion.accounts.rates import LATE_MAX_S, REFUSED_FREE


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_1001st_request_inside_a_minute_waits_and_60_seconds_later_goes():
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    assert [rates.take(one, "single", 1000) for _ in range(1000)] == [None] * 1000
    clock.now += 59
    assert rates.take(one, "single", 1000) == pytest.approx(1.0)
    assert rates.take(one, "batch", 50) is None, "the other bucket is untouched"
    assert rates.take(uuid.uuid4(), "single", 1000) is None, "so is another credential"
    clock.now += 1
    assert rates.take(one, "single", 1000) is None


def test_a_limit_that_was_lowered_holds_at_once_and_zero_is_none():
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    for _ in range(10):
        assert rates.take(one, "single", 100) is None
    wait_s = rates.take(one, "single", 5)
    assert wait_s is not None
    assert wait_s <= 60
    assert rates.take(one, "single", 0) is None


def test_secrets_are_long_random_and_carry_a_checksum():
    secrets = {new_secret("sk_live_") for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"sk_live_[0-9A-Za-z]{49}", secret) for secret in secrets)


def credential(**fields: object) -> Credential:
    return Credential(credential_id=uuid.uuid4(), workspace_id=uuid.uuid4(), dialect="smashsend", **fields)


async def test_a_credential_is_found_by_its_secret_and_remembered_until_told_to_forget():
    stored, asked = {hash_of("s"): credential()}, []

    async def load(token_hash: bytes) -> Credential | None:
        asked.append(token_hash)
        return stored.get(token_hash)

    clock = Clock()
    credentials = Credentials(load, clock)
    assert await credentials.find("smashsend", "s") is await credentials.find("smashsend", "s")
    assert await credentials.find("esputnik", "s") is None, "another dialect's"
    assert len(asked) == 1
    del stored[hash_of("s")]
    credentials.forget()
    assert await credentials.find("smashsend", "s") is None
    stored[hash_of("s")] = credential()
    clock.now += KNOWN_FOR_S
    assert await credentials.find("smashsend", "s") is not None


async def test_a_flood_of_unknown_keys_makes_nobody_forget_a_known_one():
    """With one memory for both the known one is asked for a second time."""
    known, asked = hash_of("s"), []

    async def load(token_hash: bytes) -> Credential | None:
        asked.append(token_hash)
        return credential() if token_hash == known else None

    credentials = Credentials(load, Clock())
    assert await credentials.find("smashsend", "s")
    for n in range(25_000):
        assert await credentials.find("smashsend", f"unknown {n}") is None
    assert await credentials.find("smashsend", "s")
    assert asked.count(known) == 1
    assert len(credentials._unknown) <= 10_000, "and the memory has an end"


async def test_an_unknown_key_is_asked_for_once_a_second():
    asked = []

    async def load(token_hash: bytes) -> Credential | None:
        asked.append(token_hash)
        return None

    clock = Clock()
    credentials = Credentials(load, clock)
    for _ in range(3):
        assert await credentials.find("smashsend", "s") is None
    assert len(asked) == 1
    clock.now += UNKNOWN_FOR_S + 0.1
    assert await credentials.find("smashsend", "s") is None
    assert len(asked) == 2


async def test_unknown_keys_are_told_twenty_a_second_and_the_others_up_to_a_second_later():
    async def load(token_hash: bytes) -> Credential | None:
        return None

    clock = Clock()
    credentials = Credentials(load, clock)
    late = [credentials.late() for _ in range(1_000)]
    assert late[:REFUSED_FREE] == [0.0] * REFUSED_FREE
    assert late[-1] == max(late) == LATE_MAX_S
    clock.now += 60
    steady = []
    for _ in range(600):
        clock.now += 1 / STRANGERS_PER_S
        steady.append(credentials.late())
    assert max(steady) == 0.0, "so many hear it at once for ever"


async def test_what_was_read_before_a_revocation_is_not_remembered_after_it():
    """The row is read, then it is revoked and all is forgotten, then the reader goes on."""
    stored: list[Credential] = [credential()]
    revoked = asyncio.Event()

    async def load(token_hash: bytes) -> Credential | None:
        read = stored[0]
        await revoked.wait()
        return read

    credentials = Credentials(load, Clock())
    first = asyncio.create_task(credentials.find("smashsend", "s"))
    await asyncio.sleep(0)
    stored[0] = credential(revoked=True)
    credentials.forget()
    revoked.set()
    assert await first is not None, "it asked before"
    assert await credentials.find("smashsend", "s") is None


@pytest.mark.parametrize("fields", [{"revoked": True}, {"expires_us": 5}])
async def test_a_revoked_or_expired_credential_opens_nothing(fields):
    async def load(token_hash: bytes) -> Credential | None:
        return credential(**fields)

    assert await Credentials(load, Clock(), now_us=lambda: 5).find("smashsend", "s") is None


async def test_while_the_database_is_away_a_known_caller_stays_known():
    away = False

    async def load(token_hash: bytes) -> Credential | None:
        if away:
            raise errors.Unavailable("away")
        return credential()

    clock = Clock()
    credentials = Credentials(load, clock)
    assert await credentials.find("smashsend", "s")
    away = True
    clock.now += KNOWN_FOR_S + 1
    assert await credentials.find("smashsend", "s")
    with pytest.raises(errors.Unavailable):
        await credentials.find("smashsend", "unknown")


def test_who_goes_on_although_refused_is_answered_later_and_later_but_never_later_than_a_second():
    """Without `late` all of these are 0: 32 connections then made 2,900 refusals a second."""
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    late = [rates.late(one, "batch") for _ in range(1_000)]
    assert late[:REFUSED_FREE] == [0.0] * REFUSED_FREE
    assert 0 < late[REFUSED_FREE] < late[REFUSED_FREE + 1] < LATE_MAX_S
    assert late[-1] == max(late) == pytest.approx(LATE_MAX_S)
    assert rates.late(one, "single") == 0.0, "the other bucket is untouched"
    assert rates.late(uuid.uuid4(), "batch") == 0.0, "so is another credential"


def test_who_is_refused_now_and_then_is_answered_at_once_for_ever():
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    for _ in range(100):  # 90 connections that hear it in one minute, and heed it
        assert [rates.late(one, "single") for _ in range(90)] == [0.0] * 90
        clock.now += 60


def test_after_a_minute_of_rest_it_is_forgotten_that_somebody_went_on():
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    for _ in range(10_000):
        rates.late(one, "single")
    clock.now += 30
    assert 0 < rates.late(one, "single") < LATE_MAX_S
    clock.now += 60
    assert rates.late(one, "single") == 0.0


def test_how_long_to_wait_can_be_asked_again_without_being_counted():
    clock, one = Clock(), uuid.uuid4()
    rates = Rates(clock)
    assert rates.wait(one, "single", 1) == 0.0
    assert rates.take(one, "single", 1) is None
    clock.now += 59
    assert rates.wait(one, "single", 1) == rates.take(one, "single", 1) == pytest.approx(1.0)
    clock.now += 1
    assert rates.wait(one, "single", 1) == 0.0
    assert rates.take(one, "single", 1) is None
