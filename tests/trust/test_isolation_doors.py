"""At no door is anything of another workspace seen or changed by its id: it is answered like what is nowhere."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from clarion.dialects import DIALECTS
from tests.composed import at, door_of
from tests.dialects.calls import SHOWN, SHOWN_IN
from tests.trust.held import HELD, Held
from tests.trust.test_isolation import counts

Ask = Callable[[Any, str, str, Any], Awaitable[httpx2.Response]]

each = pytest.mark.parametrize("held", HELD, ids=lambda held: f"{held.dialect} {held.name}")


@pytest.fixture
def ask(database: Any, ingest: Any, vaults: Any, ids: Any) -> Ask:
    """The doors as they are composed, for a tenant: method, path, body."""
    door = door_of(database, ingest, vaults, ids)
    requests = {name: at(door, name) for name in DIALECTS}

    async def asking(tenant: Any, method: str, path: str, body: Any) -> httpx2.Response:
        dialect = tenant.credential.dialect
        headers = {SHOWN_IN.get(dialect, "authorization"): SHOWN[dialect](tenant.secret)}
        return await requests[dialect](method, path, json=body, headers=headers)

    return asking


async def make(ask: Ask, tenant: Any, held: Held) -> str:
    """The thing, made at its door; its id."""
    answer = None
    for method, path, body in held.made:
        answer = await ask(tenant, method, path, body)
        assert answer.status_code == 200, answer.text
    assert answer is not None
    return held.id_of(answer.json() if answer.content else None)


def named(value: Any, shown: str) -> Any:
    if isinstance(value, dict):
        return {key: named(one, shown) for key, one in value.items()}
    return value.replace("{id}", shown) if isinstance(value, str) else value


@each
async def test_what_another_workspace_holds_is_answered_like_what_is_nowhere(
    ask: Ask, database: Any, new_tenant: Any, held: Held
) -> None:
    mine, theirs = await new_tenant(held.dialect), await new_tenant(held.dialect)
    real = await make(ask, theirs, held)
    before = await counts(database, theirs)
    for method, path, body in held.asked:
        heard = []
        for shown in (real, held.nowhere):
            answer = await ask(mine, method, named(path, shown), named(body, shown))
            assert answer.status_code < 500
            heard.append((answer.status_code, answer.text.replace(shown, "…"), sorted(answer.headers)))
        assert heard[0] == heard[1], f"{method} {path}"
        assert not held.told or held.told not in heard[0][1]
    assert await counts(database, theirs) == before, "nothing of theirs changed"


@each
async def test_its_own_workspace_is_heard(ask: Ask, database: Any, new_tenant: Any, held: Held) -> None:
    """The control: the same id means something where it was made."""
    theirs = await new_tenant(held.dialect)
    real = await make(ask, theirs, held)
    before = await counts(database, theirs)
    method, path, body = held.asked[0]
    answer = await ask(theirs, method, named(path, real), named(body, real))
    assert answer.status_code == 200, answer.text
    if held.told:
        assert held.told in answer.text
    else:
        assert await counts(database, theirs) != before


def test_every_door_with_something_to_hold_is_there() -> None:
    """A door whose paths name an id has a line."""
    spoken = {
        name for name, dialect in DIALECTS.items() if any("{" in one.path for one in dialect.reference.calls)
    }
    assert spoken <= {held.dialect for held in HELD}
