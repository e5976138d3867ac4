"""What every call of every door must do, as its reference tells of it; a new dialect's calls are here by themselves."""

import json
import os
import random
import re
import signal
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from clarion.dialects import DIALECTS, Described, document
from torture.surfaces import SURFACES, Caller

CALLS = [(name, call) for name, dialect in DIALECTS.items() for call in dialect.reference.calls]
IDS = [f"{name} {call.method} {call.path}" for name, call in CALLS]
#: One for all: each of its own would read all certificates of this machine first. Connections are not kept, as by curl.
CLIENT = httpx2.Client(timeout=30, limits=httpx2.Limits(max_keepalive_connections=0))
calls = pytest.mark.parametrize(("dialect", "call"), CALLS, ids=IDS)


@pytest.fixture(scope="module")
def owner(server: Any) -> Caller:
    return server.new_owner()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def callers(owner: Caller) -> dict[str, Caller]:
    return {name: SURFACES[name].caller(owner) for name in DIALECTS}


@pytest.fixture(scope="module")
def neighbours(server: Any) -> dict[str, tuple[Caller, dict[str, str]]]:
    """Callers in another workspace, and what is theirs."""
    theirs = server.new_owner()
    found = {name: SURFACES[name].caller(theirs) for name in DIALECTS}
    return {name: (caller, SURFACES[name].places(caller, theirs)) for name, caller in found.items()}


def ask(
    dialect: str, call: Described, url: str, key: str, places: dict[str, str], body: bytes | None = None
) -> httpx2.Response:
    """The call's sample, or another body; where the key stands in the body, that has it."""
    caller = SURFACES[dialect].with_key(url, key)
    if body is None and caller.in_body:
        filled = re.sub(r"[$](\w+)", lambda name: places.get(name[1], "x"), call.sample)
        body = json.dumps(caller.dressed(json.loads(filled))).encode()
    path = call.path.format(**{place: places.get(place, "x") for place in call.places})
    return CLIENT.request(
        call.method,
        f"{url}{path}?{call.sample_query}",
        headers=caller.headers,
        content=call.sample if body is None else body,
    )


def refused(dialect: str, call: Described, answer: httpx2.Response) -> int:
    """The status of a failure that is told, in its shape."""
    reference = DIALECTS[dialect].reference
    assert answer.status_code in reference.failures_of(call), answer.text
    told = document(reference)
    shape = {"$ref": f"#/components/schemas/{reference.failure.__name__}", "components": told["components"]}
    jsonschema_rs.validate(shape, answer.json())
    assert answer.headers["x-request-id"]
    return answer.status_code


@calls
def test_whoever_has_no_key_of_this_door_hears_so(
    owner: Caller, callers: dict[str, Caller], dialect: str, call: Described
) -> None:
    for key in ("nobodys", "-", callers[dialect].key[:-1], callers[dialect].key + "x", owner.key):
        assert refused(dialect, call, ask(dialect, call, owner.url, key, {})) in SURFACES[dialect].strangers


@calls
def test_a_body_that_is_none_is_the_callers_fault(
    callers: dict[str, Caller], dialect: str, call: Described
) -> None:
    if call.body is None:
        return
    caller = callers[dialect]
    for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a":' * 3_000):
        answer = ask(dialect, call, caller.url, caller.key, {}, body)
        assert refused(dialect, call, answer) in (
            400,
            404,
            413,
        )  # a call of small bodies is not read to its end


@calls
def test_a_body_that_is_too_long_is_refused(
    callers: dict[str, Caller], dialect: str, call: Described
) -> None:
    caller = callers[dialect]
    answer = ask(dialect, call, caller.url, caller.key, {}, b" " * 20_000_000)
    assert refused(dialect, call, answer) == 413


@calls
def test_what_is_another_workspaces_is_not_there(
    callers: dict[str, Caller],
    neighbours: dict[str, tuple[Caller, dict[str, str]]],
    dialect: str,
    call: Described,
) -> None:
    if not call.places:
        return
    _, places = neighbours[dialect]
    answer = ask(dialect, call, callers[dialect].url, callers[dialect].key, places)
    assert refused(dialect, call, answer) == 404
    for value in places.values():
        assert len(value) < 9 or value not in answer.text, "small numbers are everybody's"


@pytest.mark.parametrize(
    ("dialect", "call"),
    [one for one in CALLS if one[1].places and one[1].method == "GET"],
    ids=lambda one: getattr(one, "path", one),
)
def test_control_it_is_there_for_its_own(
    neighbours: dict[str, tuple[Caller, dict[str, str]]], dialect: str, call: Described
) -> None:
    neighbour, places = neighbours[dialect]
    assert ask(dialect, call, neighbour.url, neighbour.key, places).status_code == 200


@calls
def test_another_method_is_told_which_there_are(
    callers: dict[str, Caller], dialect: str, call: Described
) -> None:
    caller = callers[dialect]
    path = call.path.format(**dict.fromkeys(call.places, "x"))
    answer = CLIENT.request("OPTIONS", caller.url + path, headers=caller.headers)
    assert answer.status_code == 405
    assert call.method in answer.headers["allow"]


def test_calls_at_once_on_the_same_things_meet_no_defect(
    server: Any, owner: Caller, callers: dict[str, Caller]
) -> None:
    places = {name: SURFACES[name].places(caller, owner) for name, caller in callers.items()}
    begun_at = len(server.log.read_text())

    def try_it(one: tuple[str, Described]) -> int:
        dialect, call = one
        return ask(dialect, call, owner.url, callers[dialect].key, places[dialect]).status_code

    with ThreadPoolExecutor(40) as callers_at_once:
        heard = list(callers_at_once.map(try_it, random.Random(4).sample(CALLS * 3, len(CALLS) * 3)))
    assert max(heard) <= 503 and 500 not in heard, server.log.read_text()[begun_at:]


def test_while_the_database_is_away_calls_hear_503_and_never_a_defect(new_server: Any) -> None:
    server = new_server()
    server.start()
    owner = server.new_owner()
    callers = {name: SURFACES[name].caller(owner) for name in DIALECTS}
    places = {name: SURFACES[name].places(caller, owner) for name, caller in callers.items()}

    def try_it(one: tuple[str, Described]) -> tuple[str, int]:
        dialect, call = one
        answer = ask(dialect, call, owner.url, callers[dialect].key, places[dialect])
        status = answer.status_code
        return call.operation_id, status if status in call.answers else refused(dialect, call, answer)

    supervisor = server.pid
    postmaster = int(next(server.data.rglob("postmaster.pid")).read_text().split()[0])
    with ThreadPoolExecutor(len(CALLS)) as callers_at_once:
        os.kill(supervisor, signal.SIGSTOP)  # or it starts the database again before all have asked
        try:
            under_way = [callers_at_once.submit(try_it, one) for one in CALLS]
            os.kill(postmaster, signal.SIGKILL)
            wait(under_way)
            away = [status for _, status in callers_at_once.map(try_it, CALLS)]
        finally:
            os.kill(supervisor, signal.SIGCONT)
        coming_back = [callers_at_once.submit(try_it, one) for one in CALLS * 2]
    heard = [one.result()[1] for one in (*under_way, *coming_back)]
    assert away.count(503) > len(CALLS) / 2, away
    # 400: what is refused before the database is asked, as a status call without ids.
    assert {*away, *heard} <= {200, 202, 400, 404, 409, 503}
