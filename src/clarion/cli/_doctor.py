"""`clarion doctor`."""

import asyncio

from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show_json
from clarion.doctor import Finding, Subject, examine
from clarion.serve import folder

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


def doctor(place: Place = HERE, *, json: Json = False) -> int:
    """Look for what keeps Clarion from running here, and say what to do. Exit 1 when something does."""
    settings = place.load().settings
    findings = asyncio.run(
        examine(
            Subject(
                data=settings.data,
                master_key_file=settings.master_key_file,
                host=settings.host,
                port=settings.port,
                database_url=settings.database_url,
                engine_user=settings.engine_user,
                served_at=folder.served_at(settings.data),
                links_are_local=settings.links_are_local,
            )
        )
    )
    failed = any(finding.state == "fail" for finding in findings)
    if json:
        show_json({"ok": not failed, "findings": findings})
    else:
        print(*map(_line, findings), sep="\n")
    return 1 if failed else 0


def _line(finding: Finding) -> str:
    advice = f"\n    {finding.advice}" if finding.advice else ""
    return f"{_MARKS[finding.state]} {finding.name}: {finding.detail}{advice}"
