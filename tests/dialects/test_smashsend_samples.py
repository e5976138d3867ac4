"""Every code sample of SMASHSEND's page, as its SDK would send it (`new Date()` being one moment), succeeds."""

import json
from pathlib import Path
from typing import Any

import pytest

from clarion.dialects.smashsend import routes

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
