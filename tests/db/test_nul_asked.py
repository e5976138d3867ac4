"""U+0000 in a path or a query names nothing: every call that takes either says so in its vendor's voice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from clarion.dialects._spoken import Spoken
from clarion.dialects.esputnik.calls import CALLS as ESPUTNIK
from clarion.dialects.smashsend.routes import AT_ONCE as SMASHSEND
from clarion.dialects.yotpo.customers import CALLS as YOTPO
from tests.composed import at, door_of
from tests.dialects.calls import SHOWN, SHOWN_IN

SPOKEN = {"esputnik": ESPUTNIK, "smashsend": SMASHSEND, "yotpo": YOTPO}
SHAPES = {
    "esputnik": {"status", "message"},
    "smashsend": {"statusCode", "error", "message"},
    "yotpo": {"errors"},
}


def paths_of(one: Spoken) -> Iterator[tuple[str, int]]:
    """Each place in turn, the others being good, and what is answered."""
    good = one.path.replace("{store_id}", "self")
    for part in (part for part in good.split("/") if part.startswith("{")):
        yield (
            "/".join("%00" if it == part else "1" if it.startswith("{") else it for it in good.split("/")),
            404,
        )


def queries_of(one: Spoken) -> Iterator[tuple[str, int]]:
    fields = [] if one.asks is None else [*one.query.__struct_encode_fields__, "nobody%00s"]
    plain = "/".join(
        "1" if it.startswith("{") else it for it in one.path.replace("{store_id}", "self").split("/")
    )
    for field in fields:
        yield f"{plain}?{field}=a%00b", 400


CASES = [
    (dialect, one, path, status)
    for dialect, calls in SPOKEN.items()
    for one in calls
    for path, status in (*paths_of(one), *queries_of(one))
]


@pytest.mark.parametrize("dialect", SPOKEN)
async def test_a_nul_in_a_path_or_a_query_is_refused_in_the_vendors_voice(
    database: Any, ingest: Any, vaults: Any, ids: Any, new_tenant: Any, dialect: str
) -> None:
    """The control: handed to the database, the order of that id is a 500, and so is SMASHSEND's template."""
    tenant = await new_tenant(dialect)
    request = at(door_of(database, ingest, vaults, ids), dialect)
    headers = {SHOWN_IN.get(dialect, "authorization"): SHOWN[dialect](tenant.secret)}
    asked = [(one, path, status) for of, one, path, status in CASES if of == dialect]
    assert any("?" in path for _, path, _ in asked)
    assert dialect == "yotpo" or any("?" not in path for _, path, _ in asked)
    for one, path, status in asked:
        body = json.loads(one.sample) if one.sample else {} if one.body else None
        answer = await request(one.method, path, json=body, headers=headers)
        assert answer.status_code == status, (one.method, path, answer.text)
        assert answer.json().keys() == SHAPES[dialect], answer.text
        assert "U+0000" in answer.text
