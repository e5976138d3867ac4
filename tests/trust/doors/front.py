"""A door as its callers see it: how an event is written for it, and what its answers say."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx2
from msgspec import Struct

from tests.trust.poison import Poison

KEY = b"@KEY"  #: in a body stands for the key, where that is no header's


class Verdict(Struct, frozen=True):
    """What a door said of a request that it read: the places of refused items, and how many were repeats."""

    kept: int
    refused: Sequence[int] = ()
    repeated: int = 0


class Front(Struct, frozen=True, kw_only=True):
    """A door.

    `key`: what its callers' key is called; `shown`: the header Authorization with it. `event`: name, e-mail and a
    text as JSON -> an event that serves alone and in a batch. `person`: by what that e-mail finds its person, as kind
    and namespace. `batch`: None where a call takes one event. `shape`: the keys of a refusal, whose status is
    `status_in` it, if that is said there. `whole`: one bad event of a batch
    refuses it. `verdict`: an answer that is no refusal, and how many items were sent. `distinct`: as how many events
    one event counts that comes alone, again, and in a batch. `properties`, `traits`: what of an event must read
    back, by another parser than ours. `defined`: names of events -> what has to be sent before they may be, as path
    and body.
    """

    dialect: str
    single: str
    batch: str | None
    key: str = "api_key"
    shown: Callable[[str], str]
    event: Callable[[bytes, bytes, bytes], bytes]
    person: tuple[str, str] = ("email", "")
    shape: frozenset[str]
    status_in: str | None = None
    whole: bool
    verdict: Callable[[httpx2.Response, int], Verdict]
    properties: Callable[[Any], Any]
    traits: Callable[[Any], Any] = lambda event: {}
    poisons: tuple[Poison, ...]
    distinct: int = 1
    defined: Callable[[Sequence[str]], Iterator[tuple[str, bytes]]] = lambda names: iter(())

    def batched(self, events: Sequence[bytes]) -> bytes:
        return b'{"events":[' + b",".join(events) + b"]}"

    def whose(self, value: str) -> dict[str, str]:
        """How one is asked for who is `value` at this door."""
        kind, namespace = self.person
        return {kind: value} | ({"namespace": namespace} if namespace else {})

    def refuses(self, answer: httpx2.Response) -> bool:
        """Whether the whole request is refused, in the vendor's shape."""
        return answer.status_code >= 400 and answer.json().keys() == self.shape
