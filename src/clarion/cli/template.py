"""`clarion template`: look at a template, and see what it makes of data. Neither needs the database."""

import json as json_
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter

from clarion import velocity
from clarion.cli._options import Json
from clarion.cli._print import show_json
from clarion.errors import ClarionError

app = App(name="template", help="Message templates: lint, render.")

Data = Annotated[
    Path | None,
    Parameter(help="JSON object: what $data holds. Its names are variables as well, as in sends."),
]


class Unreadable(ClarionError):
    """A file that a command was given cannot be used."""


@app.command
def lint(file: Path, *, data: Data = None, json: Json = False) -> int:
    """What a template reads, what is odd about it, and whether it renders; exit 1 when it cannot be used."""
    examples = [] if data is None else [_context(data)]
    known = None if data is None else examples[0]["data"].keys()
    found = velocity.lint(_text(file), known=known, examples=examples, now=datetime.now(UTC))
    findings = [*found.findings, *found.breaks.values()]
    if json:
        show_json(
            {
                "ok": found.ok,
                "reads": found.reads,
                "names": found.names,
                "findings": [vars(finding) for finding in findings],
            }
        )
    else:
        for finding in findings:
            kind = "error" if finding.error else "warning"
            print(f"{file}:{finding.line}:{finding.column}: {kind}: {finding.message}")
        print(f"reads $data: {', '.join(found.reads) or 'nothing'}")
        print(f"other names: {', '.join(found.names) or 'none'}")
    return 0 if found.ok else 1


@app.command
def render(
    file: Path,
    *,
    data: Data = None,
    escape: Annotated[
        bool, Parameter(negative="", help="Write values as HTML text, as new messages do.")
    ] = False,
    zone: Annotated[str, Parameter(help="The contact's time zone.")] = "UTC",
    json: Json = False,
) -> int:
    """What a template makes of the data."""
    try:
        contact_zone = ZoneInfo(zone)
    except (ValueError, KeyError, OSError) as exc:
        raise Unreadable(f"{zone} is not a time zone; write it as Europe/Kyiv") from exc
    context: dict[str, Any] = {"data": {}} if data is None else _context(data)
    try:
        template = velocity.compile(_text(file))
        text = template.render(context, escape=escape, now=datetime.now(UTC), zone=contact_zone)
    except velocity.VelocityError as exc:
        raise Unreadable(f"{file}: {exc}") from exc
    if json:
        show_json({"text": text})
    else:
        print(text, end="")
    return 0


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()  # line ends stay as they are
    except (OSError, UnicodeDecodeError) as exc:
        raise Unreadable(f"{file} cannot be read: {exc}") from exc


def _context(file: Path) -> dict[str, Any]:
    try:
        found = json_.loads(_text(file))
    except ValueError as exc:
        raise Unreadable(f"{file} is not JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise Unreadable(f"{file} must hold a JSON object")
    return {**found, "data": found}
