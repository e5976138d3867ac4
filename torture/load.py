"""The load generator: callers that are never killed, in a thread of their own, and remember all they did."""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from torture.client import Answer, Broken, Connection, Refused
from torture.record import Answer as Meaning
from torture.record import Heard, Item, Record, Sending
from torture.workload import Request, Workload

TIMEOUT_S = 30.0
REST_S = 60.0  # for the last repeats, once no new requests are made
_PAUSE_S = 0.1  # after a refusal, before the next request
_KEPT = 64  # acknowledged items whose keys may be used again


class Load:
    """Callers on `connections` connections. `start`, then `stop`; `record` is what happened.

    An unanswered request, or one answered 503, is sent again with the same keys until it is answered, or, every
    fourth time, given up: what became of those tells when the server was killed.
    """

    def __init__(
        self,
        workloads: Sequence[Workload],
        port: Callable[[], int],
        *,
        connections: int,
        think_s: float,
        seed: int,
    ) -> None:
        self.record = Record()
        self.asking = 0  # requests that are on their way
        self._workloads = workloads
        self._port = port
        self._connections = connections
        self._think_s = think_s
        self._chance = random.Random(seed)
        self._acknowledged: dict[str, list[Item]] = {}
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load")

    @property
    def acknowledged(self) -> int:
        """Items so far."""
        return sum(item.acknowledged and item.must == "be stored" for item in list(self.record.items))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> Record:
        """Make no new requests; wait until those that are repeated are answered. The server has to be up."""
        self._stopping.set()
        self._thread.join(REST_S + TIMEOUT_S)
        if self._failure:
            raise RuntimeError("the load generator failed") from self._failure
        if self._thread.is_alive():
            raise RuntimeError("the load generator does not end")
        return self.record

    def _run(self) -> None:
        try:
            asyncio.run(self._send_all())
        except BaseException as exc:
            self._failure = exc

    async def _send_all(self) -> None:
        async with asyncio.TaskGroup() as callers:
            for number in range(self._connections):
                callers.create_task(self._caller(self._workloads[number % len(self._workloads)]))

    async def _caller(self, workload: Workload) -> None:
        connection = Connection(self._port, TIMEOUT_S)
        known = self._acknowledged.setdefault(workload.workspace, [])
        while not self._stopping.is_set():
            request = workload.next(self._chance.choice(known) if known else None)
            self.record.items += _unique(request.items)
            await self._until_answered(connection, request)
            if request.single and request.items[0].acknowledged and request.items[0].must == "be stored":
                known.append(request.items[0])
                del known[:-_KEPT]
            await asyncio.sleep(self._chance.uniform(0, 2 * self._think_s))
        connection.close()

    async def _until_answered(self, connection: Connection, request: Request) -> None:
        give_up_at: float | None = None
        while not await self._send(connection, request):
            sent = bool(request.items[0].sendings)
            if sent and self._chance.random() < 0.25:
                return
            if self._stopping.is_set():
                give_up_at = give_up_at or time.monotonic() + REST_S
                if time.monotonic() > give_up_at:
                    raise RuntimeError(f"no answer within {REST_S:g} s after the last fault")
            await asyncio.sleep(_PAUSE_S)

    async def _send(self, connection: Connection, request: Request) -> bool:
        """Whether an answer came that leaves nothing open."""
        sent_at = time.monotonic()
        self.asking += 1
        try:
            answer = await connection.ask(request.body)
        except Refused:
            return False
        except Broken as exc:
            self._note(request, sent_at, ["unanswered"] * len(request.items), whole=exc.whole)
            self.record.broken.append(time.monotonic())
            return False
        finally:
            self.asking -= 1
        self.record.heard.append(
            Heard(answer.status, time.monotonic() - sent_at, "retry-after" in answer.headers)
        )
        meanings = meanings_of(answer, request)
        if meanings is None:
            self.record.strange.append(f"{answer.status} {answer.body[:300]!r}")
            meanings = ["unanswered"] * len(request.items)
        self._note(request, sent_at, meanings, whole=True)
        return answer.status != 503

    def _note(self, request: Request, sent_at: float, meanings: Sequence[Meaning], *, whole: bool) -> None:
        now = time.monotonic()
        self.record.longest_s = max(self.record.longest_s, now - sent_at)
        for item, meaning in zip(request.items, meanings, strict=True):
            item.sendings.append(Sending(sent_at, now, meaning, whole))


def _unique(items: Sequence[Item]) -> list[Item]:
    """A batch may hold the same item twice."""
    return list({item.number: item for item in items}.values())


def meanings_of(answer: Answer, request: Request) -> list[Meaning] | None:
    """What the answer says of each item; None when it is no answer of this vendor's."""
    items = len(request.items)
    match answer.status:
        case 503:
            return ["unavailable"] * items if answer.headers.get("retry-after", "").isdigit() else None
        case 200 if request.single:
            told = json.loads(answer.body)
            rightly = told["success"] is True and told["messageId"] == request.items[0].key
            return ["acknowledged"] if rightly else None
        case 400 if request.single:
            return ["refused"]
        case 200 | 207 if not request.single:
            return _batch_meanings(json.loads(answer.body), request)
        case 400 if all(item.must == "be refused" for item in request.items):
            return ["failed"] * items
    return None


def _batch_meanings(told: dict[str, Any], request: Request) -> list[Meaning] | None:
    """By their index; None where an item has no answer or two, or where the counts do not agree."""
    meanings: dict[int, Meaning] = {}
    for event in told["events"]:
        index = int(event["index"])
        rightly = index not in meanings and event["messageId"] == request.items[index].key
        if not rightly or event["status"] not in ("accepted", "duplicate"):
            return None
        meanings[index] = "accepted" if event["status"] == "accepted" else "duplicate"
    for failure in told["errors"]:
        if int(failure["index"]) in meanings:
            return None
        meanings[int(failure["index"])] = "failed"
    if sorted(meanings) != list(range(len(request.items))):
        return None
    said = list(meanings.values())
    counts = (said.count("accepted"), said.count("duplicate"), said.count("failed"))
    if counts != (told["accepted"], told["duplicated"], told["failed"]):
        return None
    return [meanings[index] for index in range(len(request.items))]
