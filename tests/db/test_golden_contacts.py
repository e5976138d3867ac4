"""Golden triples of what is done at once: requests, what they say in our words, the answer to the last of them.

A file each in tests/dialects/smashsend/at_once/. Ids and times are written as `…`. `CLARION_GOLDEN=write` with this
test writes what a changed mapping makes of them: read the difference before it is committed.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clarion.dialects.smashsend.contacts import mapping
from clarion.dialects.smashsend.wire import Malformed

TRIPLES = sorted((Path(__file__).parents[1] / "dialects/smashsend/at_once").glob("*.json"))


@pytest.mark.parametrize("path", TRIPLES, ids=lambda path: path.stem)
async def test_requests_become_these_changes_and_this_answer(knock: Any, tenant: Any, path: Path) -> None:
    triple = read(path)
    for earlier in triple.get("earlier", []):
        assert (await knock(tenant, *earlier)).status_code == 200
    method, place, *body = triple["request"]
    if "{contactId}" in place:
        listed = (await knock(tenant, "GET", "/v1/contacts")).json()["contacts"]["items"]
        place = place.replace("{contactId}", listed[0]["id"])
    answer = await knock(tenant, method, place, *body)
    found = triple | {
        "changes": [change_of(one) for one in said(*body)],
        "answer": {"status": answer.status_code, "body": plain(answer.text)},
    }
    if os.environ.get("CLARION_GOLDEN") == "write":
        write(path, found)
    assert found == triple


def read(path: Path) -> dict[str, Any]:
    triple: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return triple


def write(path: Path, triple: dict[str, Any]) -> None:
    path.write_text(json.dumps(triple, ensure_ascii=False, indent=2) + "\n", "utf-8")


def said(body: Any = None) -> list[Any]:
    """The contacts of a request."""
    contacts = (body or {}).get("contacts") or [body or {}]
    return [one["properties"] for one in contacts if "properties" in one]


def change_of(properties: Any) -> Any:
    """In our words; or why there is none."""
    try:
        told = mapping.told(properties)
    except Malformed as exc:
        return {"refused": str(exc)}
    return {
        "email": told.email,
        "reaches": json.loads(msgspec.json.encode(told.reaches)),
        "traits": told.traits,
    }


def plain(text: str) -> Any:
    text = re.sub(r'"((?:ctc|wrk|key|ctp|req)_)[0-9a-f]+"', r'"\1…"', text)
    text = re.sub(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"', '"…"', text)
    return json.loads(re.sub(r'"processingTime":\d+', '"processingTime":0', text))
