"""Deliveries: lines of due sends, one a workspace and channel, so that a dead provider holds up nobody else.

A line claims some, writes them and opens their attempts in one transaction, then hands them over. Three commits an
attempt (opened, marked, closed), each shared by whatever gathered meanwhile. `at` is told each point that is passed,
so that tests can stop there; what may happen at each is the table of docs/explanation/sending.md.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from clarion import accounts, log
from clarion.accounts import Vaults, Workspace
from clarion.db import Database, Tx, is_transient
from clarion.messaging import configs, settling, store, writing
from clarion.messaging.gathering import Together
from clarion.messaging.links import Links
from clarion.messaging.opening import Opened, Turn, open_attempts
from clarion.messaging.port import Accepted, Channel, Deferred, Provider, Rejected, Result, Unknown
from clarion.messaging.settling import Closing
from clarion.messaging.store import StoredProvider
from clarion.messaging.trials import BREAKS_AFTER, Breaker
from clarion.model import Ids
from clarion.vault import Vault

LEASE_S = 60
LOOK_EVERY_S = 1.0
EXTEND_EVERY_S = 15.0
#: How many a provider is handed at once that does not say it itself.
WIDTH = 10
#: How many times that are begun at once: some wait for a connection while others' answers are noted. Half of them
#: are opened together, so that a transaction's price is shared.
AHEAD = 8
#: How long an answer waits for others to be noted together; no connection waits for it.
CLOSE_WAIT_S = 0.05
_CLOSE_TRIES = 5

At = Callable[[str, UUID], Awaitable[None]]

_log = log.get(__name__)


class LeaseLost(Exception):
    """Another worker may have the send: nothing goes out."""


class CannotBegin(Exception):
    """Some claimed sends cannot be written or decided; `__cause__` says why."""


class Carrying(Struct, frozen=True, kw_only=True):
    """What deliveries need. `at` is told each point that is passed; `links`: where readers answer; None: nowhere."""

    database: Database
    vaults: Vaults
    ids: Ids
    providers: Mapping[str, Provider]
    links: Links | None
    at: At


async def nowhere(_point: str, _send_id: UUID) -> None:
    """Nobody wants to know."""


class Delivery:
    """Sends what is due. Any number of these, on any number of machines."""

    def __init__(
        self,
        database: Database,
        vaults: Vaults,
        ids: Ids,
        providers: Mapping[str, Provider],
        *,
        links: Links | None = None,
        at: At = nowhere,
    ) -> None:
        self._carrying = Carrying(
            database=database, vaults=vaults, ids=ids, providers=providers, links=links, at=at
        )
        self._lines: dict[tuple[UUID, Channel], tuple[Line, asyncio.Task[None]]] = {}
        self._breakers: dict[tuple[UUID, Channel], Breaker] = {}

    async def work(self, stop: asyncio.Event, woken: asyncio.Event) -> None:
        """Until `stop`; attempts at hand are finished first. `woken`: there may be a send (else a look a second)."""
        settle = asyncio.create_task(
            settling.keep(self._carrying.database, self._carrying.vaults, self._window_s, stop)
        )
        while not stop.is_set():
            woken.clear()
            try:
                await self._begin_lines(stop)
            except Exception as exc:
                if not is_transient(exc):
                    _log.exception("sending failed in a way we did not foresee", action="delivery_failed")
            await _first_of(woken, stop, LOOK_EVERY_S)
        tasks = [task for _, task in self._lines.values()]
        await asyncio.gather(settle, *tasks, return_exceptions=True)

    async def work_off(self, workspace_id: UUID | None = None) -> None:
        """What is due now, in one workspace or in all, to its end."""
        await self._begin_lines(asyncio.Event(), workspace_id)
        for _, task in list(self._lines.values()):
            await task

    async def settle(self) -> None:
        """Take back what workers left in the middle."""
        await settling.settle(self._carrying.database, self._carrying.vaults, self._window_s)

    def _window_s(self, carrier: StoredProvider) -> int:
        """For how long a second try is harmless."""
        return self._carrying.providers[carrier.kind].again_within_s(carrier.config)

    async def _begin_lines(self, stop: asyncio.Event, only: UUID | None = None) -> None:
        database = self._carrying.database
        async with database.owner() as tx:
            due = await store.due_lines(tx, database.now_us())
        self._lines = {key: line for key, line in self._lines.items() if not line[1].done()}
        clock = asyncio.get_running_loop().time()
        for key in due:
            if only not in (None, key[0]):
                continue
            if key in self._lines:
                self._lines[key][0].look()
            elif self._breakers.get(key, Breaker()).lets_pass(clock):
                line = Line(self._carrying, *key, self._breakers)
                self._lines[key] = line, asyncio.create_task(line.run(stop))


class Line:
    """The due sends of one channel of a workspace, until none is left or its provider is to be left alone."""

    def __init__(
        self,
        carrying: Carrying,
        workspace_id: UUID,
        channel: Channel,
        breakers: dict[tuple[UUID, Channel], Breaker],
    ) -> None:
        self._carrying = carrying
        self._workspace_id = workspace_id
        self._channel = channel
        self._breakers = breakers
        self._in_flight: dict[asyncio.Task[None], tuple[UUID, UUID]] = {}  # attempt -> (send, token)
        self._unanswered = 0  # how many of them the provider has not answered
        self._width = WIDTH  # what its provider took at once when it was read last
        self._news = asyncio.Event()  # something became due, or an attempt ended, since it looked last
        self._dry = False  # nothing was left at the last look, and nobody said that there is more
        self._singly = 0  # how many more are opened one by one, because some of them could not be together
        self._marks: Together[tuple[UUID, UUID], bool] = Together(self._mark)
        self._closings: Together[Closing, None] = Together(self._close, wait_s=CLOSE_WAIT_S)

    def look(self) -> None:
        """Something is due: looked for before the line ends, so that it waits for no other wake-up."""
        self._dry = False
        self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Raises nothing; what fails is logged and due again when its lease is over."""
        extending = asyncio.create_task(self._extend())
        try:
            while not stop.is_set():
                self._news.clear()
                begun = await self._fill()
                if self._in_flight:
                    await self._something_new()
                elif not begun and not self._news.is_set():
                    return
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("a line failed in a way we did not foresee", action="line_failed")
        finally:
            await asyncio.gather(*self._in_flight, return_exceptions=True)
            extending.cancel()

    async def _something_new(self) -> None:
        """An attempt has ended, or something became due; or a second has passed."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), 1)

    async def _fill(self) -> int:
        """Begin as many as there is room for; how many were claimed. What cannot be begun holds up nobody else."""
        if not self._may_begin():
            return 0
        try:
            claimed = await self._begin()
        except CannotBegin as exc:
            _log.exception("sends could not be begun", action="begin_failed", exc_info=exc.__cause__)
            return await self._apart()
        self._singly = max(0, self._singly - claimed)
        return claimed

    async def _begin(self) -> int:
        """Claim, write and open in one transaction, which asks nobody but the database; then hand over."""
        carrying = self._carrying
        database, vault = carrying.database, await carrying.vaults.of(self._workspace_id)
        async with database.owner() as tx:
            workspace = await accounts.read_workspace(tx, self._workspace_id)
            carrier = await store.find_provider(tx, self._workspace_id, self._channel, vault=vault)
            if workspace.test and carrier is not None and configs.PROVIDERS[carrier.kind].real:
                carrier = store.default_provider(self._channel)  # a test workspace is never sent from
            self._width = WIDTH if carrier is None else getattr(carrier.config, "connections_max", WIDTH)
            room, turn = self._room(), self._turn(carrier, vault)
            claimed, opened = await self._open(tx, workspace, turn, room) if room else (0, [])
        self._dry = claimed < room
        for one in opened:
            await carrying.at("attempt written", one.message.send_id)
            self._hand_over(turn, one)
        return claimed

    async def _open(self, tx: Tx, workspace: Workspace, turn: Turn, room: int) -> tuple[int, list[Opened]]:
        """How many were claimed, and which may go out. Raises CannotBegin where it is they who fail."""
        carrying, now_us = self._carrying, self._carrying.database.now_us()
        try:
            claimed = await store.claim(
                tx, self._workspace_id, self._channel, room, now_us=now_us, vault=turn.vault
            )
            for send in claimed:
                await carrying.at("claimed", send.send_id)
            if not claimed:
                return 0, []
            now = datetime.fromtimestamp(now_us / 1_000_000, UTC)
            written = await writing.write(
                tx, workspace, claimed, vault=turn.vault, links=carrying.links, now=now
            )
            return len(claimed), await open_attempts(tx, turn, written, now_us=carrying.database.now_us())
        except Exception as exc:
            if is_transient(exc):
                raise
            raise CannotBegin from exc

    def _turn(self, carrier: StoredProvider | None, vault: Vault) -> Turn:
        carrying = self._carrying
        return Turn(
            workspace_id=self._workspace_id, channel=self._channel, token=carrying.ids.next(), carrier=carrier,
            window_s=0 if carrier is None else carrying.providers[carrier.kind].again_within_s(carrier.config),
            lease_us=LEASE_S * 1_000_000, vault=vault, links=carrying.links,
        )  # fmt: skip

    def _hand_over(self, turn: Turn, one: Opened) -> None:
        self._unanswered += 1
        task = asyncio.create_task(self._attempt(turn, one))
        self._in_flight[task] = (one.message.send_id, turn.token)
        task.add_done_callback(self._ended)

    def _ended(self, attempt: asyncio.Task[None]) -> None:
        self._in_flight.pop(attempt, None)
        self._news.set()

    async def _apart(self) -> int:
        """Of some that could not be begun together each is tried alone; one that cannot alone waits out a lease."""
        self._news.set()
        if self._singly == 0:
            self._singly = self._width * AHEAD
            return 0
        database = self._carrying.database
        async with database.owner() as tx:
            now_us = database.now_us()
            until_us = now_us + LEASE_S * 1_000_000
            await store.set_aside(tx, self._workspace_id, self._channel, now_us=now_us, until_us=until_us)
        return 0

    def _may_begin(self) -> bool:
        """Whether it is worth asking the database: by what was seen last there is room, and something to fill it."""
        breaker = self._breakers.get((self._workspace_id, self._channel), Breaker())
        passes = breaker.lets_pass(asyncio.get_running_loop().time())
        return passes and self._room() > 0 and not (self._dry and self._in_flight)

    def _room(self) -> int:
        """How many more may be begun: half of all at least, so that commits are shared, and so many in all that the
        provider's connections never wait for ours; one to try a provider that failed.
        """
        breaker = self._breakers.get((self._workspace_id, self._channel), Breaker())
        if breaker.failures >= BREAKS_AFTER:
            return 0 if self._in_flight else 1
        if self._singly:
            return 1
        most = self._width * AHEAD
        free = most - self._unanswered
        return free if 2 * free >= most else 0

    async def _attempt(self, turn: Turn, one: Opened) -> None:
        try:
            answered = await self._ask(turn, one)
        finally:
            self._unanswered -= 1
            self._news.set()
        if answered is not None:
            self._learn(answered.result)
            await self._note(answered)

    async def _ask(self, turn: Turn, one: Opened) -> Closing | None:
        """What the provider says; None where the send is another worker's by now."""
        assert turn.carrier is not None, "nothing is opened that nobody carries"
        carrying, send_id = self._carrying, one.message.send_id
        marked_us: int | None = None

        async def committing() -> None:
            nonlocal marked_us
            if not await self._marks.do((send_id, turn.token)):
                raise LeaseLost
            marked_us = carrying.database.now_us()
            await carrying.at("marked", send_id)

        provider = carrying.providers[turn.carrier.kind]
        try:
            result = await provider.send(one.message, turn.carrier.config, committing=committing)
        except LeaseLost:
            _log.warning("a send's lease was lost", action="send_lease_lost", send=str(send_id))
            return None
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("a provider failed in a way we did not foresee", action="provider_failed")
            name = type(exc).__name__
            result = Deferred(reason=name) if marked_us is None else Unknown(name)
        await carrying.at("answered", send_id)
        return Closing(turn=turn, opened=one, result=result, marked_us=marked_us)

    async def _note(self, closing: Closing) -> None:
        """Into the journal, and again for a while where the database is away."""
        send_id = closing.opened.message.send_id
        for last in (False,) * (_CLOSE_TRIES - 1) + (True,):
            try:
                await self._closings.do(closing)
                return
            except Exception as exc:
                if last or not is_transient(exc):
                    _log.exception(
                        "what a provider said could not be noted", action="close_failed", send=str(send_id)
                    )
                    return
            await asyncio.sleep(1)

    def _learn(self, result: Result) -> None:
        """Of the provider: whether it works."""
        key, clock = (self._workspace_id, self._channel), asyncio.get_running_loop().time()
        breaker = self._breakers.get(key, Breaker())
        match result:
            case Accepted():
                breaker = breaker.took()
            case Rejected(permanent=True):
                breaker = breaker.took()
            case Deferred(retry_after_s=retry_after_s):
                breaker = breaker.failed(clock, retry_after_s)
            case _:
                breaker = breaker.failed(clock)
        self._breakers[key] = breaker

    async def _mark(self, attempts: Sequence[tuple[UUID, UUID]]) -> list[bool]:
        database = self._carrying.database
        async with database.owner_statement() as connection:
            held = await store.mark(connection, self._workspace_id, attempts, now_us=database.now_us())
        return [send_id in held for send_id, _ in attempts]

    async def _close(self, closings: Sequence[Closing]) -> list[None]:
        carrying = self._carrying
        async with carrying.database.owner() as tx:
            await settling.close(
                tx, self._workspace_id, closings,
                now_us=carrying.database.now_us(), ids=carrying.ids, draw=random.random,
            )  # fmt: skip
            for one in closings:
                await carrying.at("before commit", one.opened.message.send_id)
        return [None] * len(closings)

    async def _extend(self) -> None:
        """Say that we are still at it, for as long as an attempt takes."""
        database = self._carrying.database
        while True:
            await asyncio.sleep(EXTEND_EVERY_S)
            by_token: dict[UUID, list[UUID]] = {}
            for send_id, token in self._in_flight.values():
                by_token.setdefault(token, []).append(send_id)
            try:
                async with database.owner() as tx:
                    for token, sends in by_token.items():
                        until_us = database.now_us() + LEASE_S * 1_000_000
                        await store.extend(tx, self._workspace_id, sends, token, until_us)
            except Exception as exc:
                if not is_transient(exc):
                    _log.exception("leases could not be extended", action="extend_failed")


async def _first_of(woken: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(woken.wait()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
