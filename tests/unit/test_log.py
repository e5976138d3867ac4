"""Log lines: one shape for all writers, and nothing in them that must not be."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from clarion import log


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(format: str = "json", level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    log.configure(format=format, level=level, process="http", stream=stream)
    return stream


def only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_line_for_machines() -> None:
    stream = lines()
    log.get("x").info("a child ended", action="child_ended", code=-9)
    line = only(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "a child ended",
        "action": "child_ended",
        "code": -9,
        "level": "info",
        "process": "http",
    }


def test_a_line_for_people_has_no_colours_in_a_file() -> None:
    stream = lines("text")
    log.get("x").warning("disk is filling", action="disk", used_percent=86)
    assert "[warning] disk is filling action=disk process=http used_percent=86" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "key",
    "token api_key apiKey X-Api-Key Authorization email EmailAddress phone password database_url push_token "
    "Set-Cookie client_secret body first_name ip".split(),
)
def test_secrets_and_people_are_masked_by_their_key(key: str) -> None:
    stream = lines()
    log.get("x").info("said", action="a", **{key: "hidden"}, inside={"list": [{key: "hidden"}]})
    assert "hidden" not in stream.getvalue()


def test_a_word_inside_a_word_is_not_a_secret() -> None:
    stream = lines()
    log.get("x").info("said", action="a", monkey="shown", keys=3, zip="shown", tokens=7)
    line = only(stream)
    assert (line["monkey"], line["keys"], line["zip"], line["tokens"]) == ("shown", 3, "shown", 7)


def test_addresses_and_passwords_are_masked_wherever_they_stand() -> None:
    stream = lines()
    try:
        raise ValueError("no such person: ann@example.com at postgresql://me:s3cret@db/x")
    except ValueError:
        log.get("x").exception("it failed for bob@example.com", action="failed", seen=["eve@example.com"])
    text = stream.getvalue()
    assert "ValueError" in text
    assert "example.com" not in text
    assert "s3cret" not in text


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_value_cannot_begin_a_line_of_its_own(format: str) -> None:
    stream = lines(format)
    log.get("x").info("said\n2026 [info] forged", action="a", name="x\r\nforged\x1b[2J")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_libraries_speak_through_the_same_lines() -> None:
    stream = lines()
    logging.getLogger("asyncio").error("Task of ann@example.com was never retrieved")
    line = only(stream)
    assert line["action"] == "library_asyncio"
    assert line["message"] == "Task of *** was never retrieved"


def test_what_is_less_important_is_not_written() -> None:
    stream = lines(level="warning")
    log.get("x").info("said", action="a")
    logging.getLogger("lib").info("said")
    assert stream.getvalue() == ""


def test_configuring_again_holds() -> None:
    first, second = lines(), lines()
    log.get("x").info("said", action="a")
    assert first.getvalue() == ""
    assert only(second)["message"] == "said"
