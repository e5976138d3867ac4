"""Every code sample succeeds: of SMASHSEND's page, as its SDK would send it (`new Date()` being one moment), and
of our reference page.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from clarion.dialects.smashsend import routes

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "smashsend.md"
SAMPLES = json.loads((Path(__file__).parent / "smashsend" / "samples.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["sample"])
async def test_every_code_sample_of_the_page_succeeds(open_desk: Any, sample: dict[str, Any]) -> None:
    desk = open_desk("smashsend", routes)
    answer = await desk.post(sample["path"], sample["body"])
    assert answer.status == 200
    events = sample["body"].get("events", [sample["body"]])
    assert [kept.name for kept in desk.journal.events] == [event["event"] for event in events]
    assert [kept.properties for kept in desk.journal.events] == [
        event.get("properties", {}) for event in events
    ]
    if sample["path"] == "/v1/events":
        assert answer.json["success"] is True
        assert answer.json["messageId"] == sample["body"].get("messageId", answer.json["messageId"])
    else:
        assert (answer.json["accepted"], answer.json["errors"]) == (len(events), [])


async def test_the_reference_page_shows_what_is_answered(open_desk: Any) -> None:
    shown = re.findall(
        r"CLARION_URL(/\S+)\".*?-d '(.*?)'\n```\n```json\n(.*?)\n```", _read(REFERENCE), re.DOTALL
    )
    assert [path for path, _, _ in shown] == ["/v1/events", "/v1/events/batch", "/v1/contacts", "/v1/emails"]
    for path, body, answer in shown[:2]:  # the others are answered from the database: tests/db
        desk = open_desk("smashsend", routes)
        told = await desk.post(path, json.loads(body))
        made = re.sub(r"(msg_[0-9a-f]{4})[0-9a-f]{28}", r"\1…", told.body.decode())
        assert json.loads(made) == json.loads(answer)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
