"""Large bodies are read in a process beside the door's, and nobody can tell but by the time it takes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psutil
import pytest
import uvloop

from clarion.accounts import Vaults
from clarion.dialects import Beside
from clarion.dialects._beside import ASKED_AT_ONCE, BODY_BYTES_MIN
from clarion.dialects._reading import Here, Judged, Read, Reading
from clarion.dialects.esputnik import routes as esputnik
from clarion.dialects.smashsend.routes import READING
from clarion.dialects.smashsend.wire import Malformed
from clarion.errors import Unavailable
from clarion.events import Packed, pack
from clarion.model import DAY_US, Ids, Source
from clarion.vault import MasterKey, Vault
from tests.trust.poison import MAIL, NAME, POISONS

NOW_US = 20_000 * DAY_US
WORKSPACE = UUID(int=7)
GOOD = (
    b'{"event":"seen","identify":{"email":"user@example.com"},"messageId":"m%d","properties":{"a":"%0100d"}}'
)
_unpacked = msgspec.msgpack.Decoder(tuple[bytes, Any]).decode


@pytest.fixture(scope="module")
def vaults() -> Vaults:
    master = MasterKey(os.urandom(32))
    keys: dict[UUID, bytes] = {}

    async def load(workspace_id: UUID) -> bytes:
        return keys.setdefault(workspace_id, master.new_data_key(workspace_id))

    return Vaults(master, load)


def on_uvloop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """On the server's own loop: it leaves files open to children, and writing to a closed line is an error there."""

    @wraps(test)
    def run(*given: Any, **named: Any) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(test(*given, **named))  # type: ignore[arg-type]

    return run


@asynccontextmanager
async def running(vaults: Vaults, *, idle_s: float = 60.0) -> AsyncIterator[Beside]:
    """With its process, which begins with the first large body."""
    stop, reads = asyncio.Event(), Beside(vaults, cores=2, idle_s=idle_s)
    run = asyncio.create_task(reads.run(stop))
    try:
        await reads.read(READING, WORKSPACE, batch(), NOW_US)
        await until(lambda: reads.pid is not None)
        yield reads
    finally:
        stop.set()
        await run


async def until(true: Any) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # what it waits for is another process
            await asyncio.sleep(0.01)


def batch(first: int = 0, *, among: bytes | None = None) -> bytes:
    events = [GOOD % (n, n) for n in range(first, first + 200)]
    if among is not None:
        events[77] = among
    return b'{"events":[' + b",".join(events) + b"]}"


async def content(reads: Any, vault: Vault, body: bytes) -> Any:
    """All that may be asked of what was read, without the ids, which are drawn."""
    try:
        read: Read = await reads.read(READING, WORKSPACE, body, NOW_US)
    except Malformed as exc:
        return str(exc)
    packed = read.offers
    if not isinstance(packed, Packed):
        if not packed:
            return read.told, read.samples
        packed = pack(vault.dedup, Source.SMASHSEND, Ids(lambda: NOW_US).many(len(packed)), packed)
    assert len(packed) == len(set(packed.item_ids)) == sum(isinstance(one, str) for one in read.told)
    head = b"\xdd" + len(packed).to_bytes(4)
    items = msgspec.msgpack.decode(head + packed.record, type=list[tuple[bytes, msgspec.Raw]])
    assert [item_id for item_id, _ in items] == [item_id.bytes for item_id in packed.item_ids]
    said = [bytes(inbound) for _, inbound in items]
    return read.told, read.samples, packed.policy, packed.keys, said


@on_uvloop
async def test_every_body_says_the_same_there_as_here(vaults: Vaults) -> None:
    """All poisons among 199 good events; their ids differ and nothing else."""
    vault = await vaults.of(WORKSPACE)
    bodies = [batch()]
    for n, poison in enumerate(POISONS):
        name, mail = b"poisoned%d" % n, b"poisoned%d@example.com" % n
        bodies.append(poison.wrap(batch(among=poison.event.replace(NAME, name).replace(MAIL, mail))))
    bodies += [body[:-1] for body in bodies[:2]] + [
        b'{"events":' + b"[" * 20_000,
        b" " * 20_000,
        b"\xff" * 20_000,
    ]
    bodies.append(b'{"events":[' + b",".join([b'{"event":"","identify":1}'] * 200) + b"]}" + b" " * 20_000)
    bodies.append(b'{"events":[]}' + b" " * 20_000)
    large = [body for body in bodies if len(body) >= BODY_BYTES_MIN]
    assert len(large) > 50
    async with running(vaults) as reads:
        pid = reads.pid
        there = [await content(reads, vault, body) for body in large]
        assert reads.pid == pid
    assert there == [await content(Here(), vault, body) for body in large]
    assert sum(isinstance(found, str) for found in there) > 3, "some are refused whole"


@on_uvloop
async def test_what_is_small_is_read_here(vaults: Vaults) -> None:
    stop, reads = asyncio.Event(), Beside(vaults, cores=2)
    run = asyncio.create_task(reads.run(stop))
    body = b'{"events":[' + GOOD % (1, 1) + b"]}"
    read = await reads.read(READING, WORKSPACE, body, NOW_US)
    assert not isinstance(read.offers, Packed)
    await asyncio.sleep(0.05)
    assert reads.pid is None
    stop.set()
    await run


@on_uvloop
async def test_workspaces_hash_with_their_own_keys(vaults: Vaults) -> None:
    async with running(vaults) as reads:
        one, two = uuid4(), uuid4()
        keys = [
            (await reads.read(READING, workspace_id, batch(), NOW_US)).offers.keys  # type: ignore[union-attr]
            for workspace_id in (one, two, one)
        ]
    assert keys[0] == keys[2]
    assert not set(keys[0]) & set(keys[1])


@on_uvloop
async def test_each_caller_hears_of_their_own_body_though_others_hang_up(vaults: Vaults) -> None:
    async with running(vaults) as reads:
        asked = [
            asyncio.create_task(reads.read(READING, WORKSPACE, batch(1000 * n), NOW_US)) for n in range(20)
        ]
        await asyncio.sleep(0)
        for gone in asked[::3]:
            gone.cancel()
        read = await asyncio.gather(*asked, return_exceptions=True)
    for n, found in enumerate(read):
        if n % 3:
            assert isinstance(found, Read)
            assert found.told == [f"m{number}" for number in range(1000 * n, 1000 * n + 200)]
        else:
            assert isinstance(found, asyncio.CancelledError)


@on_uvloop
async def test_a_process_that_dies_costs_a_503_and_another_one_takes_its_place(vaults: Vaults) -> None:
    async with running(vaults) as reads:
        first = reads.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        asked = asyncio.create_task(reads.read(READING, WORKSPACE, batch(), NOW_US))
        await asyncio.sleep(0.05)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Unavailable):
            await asked
        await until(lambda: reads.pid is None)
        read = await reads.read(READING, WORKSPACE, batch(), NOW_US)
        assert len(read.told) == 200, "meanwhile it is read here"

        await until(lambda: reads.pid is not None)
        assert reads.pid != first
        assert isinstance((await reads.read(READING, WORKSPACE, batch(), NOW_US)).offers, Packed)


@on_uvloop
async def test_many_callers_of_one_that_dies_hear_of_their_own_body_or_503(vaults: Vaults) -> None:
    async with running(vaults) as reads:
        first = reads.pid
        assert first is not None
        asked = [
            asyncio.create_task(reads.read(READING, WORKSPACE, batch(1000 * n), NOW_US)) for n in range(60)
        ]
        await asyncio.wait(asked[:3], timeout=30)
        os.kill(first, signal.SIGKILL)
        found = await asyncio.gather(*asked, return_exceptions=True)
    for n, one in enumerate(found):
        if not isinstance(one, Unavailable):
            assert isinstance(one, Read), one
            assert one.told[0] == f"m{1000 * n}"
    assert 1 <= sum(isinstance(one, Unavailable) for one in found) <= ASKED_AT_ONCE


@on_uvloop
async def test_an_answer_to_another_question_is_nobodys(
    vaults: Vaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(vaults) as reads:
        numbers = iter(range(1, 1000))
        assert reads._line
        monkeypatch.setattr(reads._line, "_numbers", numbers)
        monkeypatch.setattr(reads._line, "_hear", partial(_one_too_high, reads._line._hear))
        with pytest.raises(Unavailable):
            await reads.read(READING, WORKSPACE, batch(), NOW_US)


def _one_too_high(hear: Any, number: int, said: bytes) -> None:
    hear(number + 1, said)


@on_uvloop
async def test_it_ends_when_nothing_comes_and_with_the_door(vaults: Vaults) -> None:
    async with running(vaults, idle_s=0.2) as reads:
        process = psutil.Process(reads.pid)
        await until(lambda: reads.pid is None)
        await until(lambda: not process.is_running())
        await reads.read(READING, WORKSPACE, batch(), NOW_US)
        await until(lambda: reads.pid is not None)
        process = psutil.Process(reads.pid)
    assert not process.is_running()


def broken(body: bytes, now_us: int) -> Judged:
    raise ZeroDivisionError("a mistake of ours")


@on_uvloop
async def test_a_mistake_of_ours_is_told_where_all_are(vaults: Vaults) -> None:
    async with running(vaults) as reads:
        with pytest.raises(ZeroDivisionError):
            await reads.read(Reading(broken, list[str], Source.SMASHSEND), WORKSPACE, batch(), NOW_US)
        assert isinstance((await reads.read(READING, WORKSPACE, batch(), NOW_US)).offers, Packed)


_DOOR = """
import asyncio, sys
from tests.dialects import test_beside as t

async def main():
    import os
    from clarion.accounts import Vaults
    from clarion.vault import MasterKey
    master = MasterKey(os.urandom(32))
    async def load(workspace_id):
        return master.new_data_key(workspace_id)
    async with t.running(Vaults(master, load)) as reads:
        print(reads.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_it_ends_with_a_door_that_is_killed() -> None:
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", _DOOR],
        stdout=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"PYTHONPATH": f"{root}/src:{root}"},
    ) as door:
        assert door.stdout
        reader = psutil.Process(int(door.stdout.readline()))
        assert reader.is_running()
        door.kill()
    give_up_at = time.monotonic() + 10
    while reader.is_running() and reader.status() != psutil.STATUS_ZOMBIE and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE


@on_uvloop
async def test_past_events_of_esputnik_are_offered_alike(vaults: Vaults) -> None:
    """Plain ones are packed there; one that needs a closer look sends all of them back to the door."""
    event = b'{"eventTypeKey":"seen","keyValue":"user@example.com","params":{"a":"%0100d"},"occurred":'
    event += b'"2024-10-03T10:00:00"}'
    plain = b'{"events":[' + b",".join(event % n for n in range(200)) + b"]}"
    strange = plain.replace(b'"occurred":"2024-10-03T10:00:00"', b'"occurred":"soon"', 1)
    more = ("/api/v3/past_events", "Europe/Kyiv", "esputnik")
    vault = await vaults.of(WORKSPACE)
    async with running(vaults) as reads:
        found = await reads.read(esputnik.READING, WORKSPACE, plain, NOW_US, *more)
        assert isinstance(found.offers, Packed)
        here = (await Here().read(esputnik.READING, WORKSPACE, plain, NOW_US, *more)).offers
        assert not isinstance(here, Packed)
        packed = pack(vault.dedup, Source.ESPUTNIK, found.offers.item_ids, here)
        assert (packed.policy, packed.keys, packed.record) == (
            found.offers.policy,
            found.offers.keys,
            found.offers.record,
        )
        assert not (await reads.read(esputnik.READING, WORKSPACE, strange, NOW_US, *more)).offers
        with pytest.raises(esputnik.wire.Malformed, match="JSON"):
            await reads.read(esputnik.READING, WORKSPACE, plain[:-1], NOW_US, *more)
