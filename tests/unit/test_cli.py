"""The command line's frame: what it prints, its exit codes, and that it starts at once."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import Struct

from clarion import __version__, cli
from clarion.cli import _print, _serve
from clarion.config import Settings
from clarion.serve.port import Example, Prepared

ROOT = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "version", "--json")
    assert code == 0
    assert json.loads(out)["clarion"] == __version__
    assert f"clarion  {__version__}\n" in run(capsys, "version")[1]


def test_a_refusal_is_a_sentence_on_stderr(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "clarion.toml").write_text("prot = 1")
    code, out, err = run(capsys, "config", "check", "--data", str(tmp_path))
    assert (code, out) == (1, "")
    assert err == f"clarion: {tmp_path}/clarion.toml: prot is not a setting; did you mean port?\n"


@pytest.mark.parametrize(
    "words", [["nope"], ["serve", "--prot", "1"], ["serve", "--port", "x"], ["config", "nope"]]
)
def test_a_command_line_that_makes_no_sense_is_2(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"Usage: clarion {name}" in out


def test_config_show_masks_and_says_where_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLARION_DATABASE_URL", "postgresql://me:s3cret@h/d")
    code, out, _ = run(capsys, "config", "show", "--data", str(tmp_path), "--json")
    rows = {row["key"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["database_url"] == {
        "key": "database_url",
        "value": "postgresql://me:***@h/d",
        "from": "CLARION_DATABASE_URL",
    }
    assert rows["data"]["from"] == "--data"
    assert "s3cret" not in run(capsys, "config", "show")[1]


class Row(Struct):
    name: str
    seen_at: datetime | None = None
    tags: tuple[str, ...] = ()
    live: bool = True


ROWS = [Row("a [b]", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), ("x", "y")), Row("c")]


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    _print.show(ROWS, ("name", "seen_at", "tags", "live"), json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "seen", "at", "tags", "live"]
    assert lines[2] == "a [b]   2026-01-02 03:04:05+00:00   x, y   yes"
    assert lines[3].split() == ["c", "–", "–", "yes"]


def test_people_are_told_that_there_is_nothing_and_machines_get_an_empty_list(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print.show([], ("name",), json=False, none="Nobody was erased.")
    assert capsys.readouterr().out == "Nobody was erased.\n"
    _print.show([], ("name",), json=True, none="Nobody was erased.")
    assert capsys.readouterr().out == "[]\n"


def test_times_of_views_are_shown_as_times(capsys: pytest.CaptureFixture[str]) -> None:
    """Views hold them as text; what is the customer's, as a trait's value, stays as it is."""
    at = "2026-01-02T03:04:05.678901+00:00"
    _print.show_one({"changed_at": at, "trait signup": at, "tags": []}, json=False)
    words = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert words == [
        ["changed", "at", "2026-01-02", "03:04:05+00:00"], ["trait", "signup", at], ["tags", "–"],
    ]  # fmt: skip


def test_one_document_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    _print.show(ROWS, ("name",), json=True)
    assert json.loads(capsys.readouterr().out)[0] == {
        "name": "a [b]",
        "seen_at": "2026-01-02T03:04:05Z",
        "tags": ["x", "y"],
        "live": True,
    }


def test_the_banner(tmp_path: Path) -> None:
    doors = [Example(dialect=one, curl="curl x", key="clarion credential list") for one in ("a", "b")]
    text = _serve.banner(Settings(data=tmp_path, port=81), Prepared(examples=tuple(doors)))
    assert f"Clarion {__version__} is ready at http://127.0.0.1:81\n" in text
    assert "\n  curl x\n" in text
    assert text.count("\nKeys:  clarion credential list\n") == 1
    kept = _serve.banner(Settings(data=tmp_path, port=81, log_format="json"), Prepared(examples=tuple(doors)))
    assert "curl" not in kept, "a key in a log that is kept"
    assert "\nKeys:  clarion credential list\n" in kept


def test_a_small_command_loads_no_server_and_no_page() -> None:
    """So that every command starts at once; measured: 0.2 s for `version`."""
    code = (
        "import sys; from clarion.cli import main; main(['config', 'check']); "
        "print(sorted({'granian', 'starlette', 'structlog', 'clarion.app', 'asyncpg'} & set(sys.modules)))"
    )
    environ = {"PYTHONPATH": str(ROOT / "src"), "CLARION_DATA": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    assert done.stdout.splitlines()[-1] == "[]"
