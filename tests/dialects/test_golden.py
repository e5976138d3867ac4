"""Golden triples: a request, what it becomes in our words, and the answer; a file each in <dialect>/golden/.

To see what a changed mapping makes of them, run `CLARION_GOLDEN=write ./run test tests/dialects/test_golden.py` and
read the difference before it is committed.
"""

import importlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

HERE = Path(__file__).parent
TRIPLES = sorted(HERE.glob("*/golden/*.json"))


@pytest.mark.parametrize("path", TRIPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
async def test_a_request_becomes_these_offers_and_this_answer(open_desk: Any, path: Path) -> None:
    dialect = path.parts[-3]
    triple = _read(path)
    desk = open_desk(dialect, importlib.import_module(f"clarion.dialects.{dialect}.routes"))
    for earlier in triple.get("earlier", []):
        await desk.post(earlier["path"], earlier["body"])
    desk.journal.offers.clear()
    request = triple["request"]
    answer = await desk.post(request["path"], request["body"], **request.get("headers", {}))
    found = triple | {
        "offers": [
            {"event": _plain(_named(offer.inbound)), "dedup": _plain(_named(offer.dedup))}
            for offer in desk.journal.offers
        ],
        "answer": {"status": answer.status, "body": answer.json if answer.body else None},
    }
    if os.environ.get("CLARION_GOLDEN") == "write":
        _write(path, found)
    assert found == triple


def _read(path: Path) -> dict[str, Any]:
    triple: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return triple


def _write(path: Path, triple: dict[str, Any]) -> None:
    path.write_text(json.dumps(triple, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def _named(struct: Any) -> dict[str, Any]:
    """The fields by name (some travel as an array), but those at their default."""
    values = {field.name: getattr(struct, field.name) for field in msgspec.structs.fields(struct)}
    return {name: value for name, value in values.items() if value not in ((), {}, None, False)}
