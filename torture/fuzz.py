"""Requests that schemathesis makes of an OpenAPI, right and wrong ones, sent to a running server: what it answers
otherwise than the OpenAPI says, and every 5xx.

`./run torture openapi [--cases N] [--seed N]` sends 20,000 to each surface; the quick tier sends fewer.
"""

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

from torture.served import Served
from torture.surfaces import SURFACES, Caller, Surface

CASES = 20_000
_AT_ONCE_MAX = 30  # of one call, one mode
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
_SHOWN_MAX = 20
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]


@dataclass(slots=True)
class Report:
    """What was sent and answered. `faults`: one for each kind, with a line to try it."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def fuzz(
    surface: Surface, owner: Caller, cases: int, seed: int = 0, described: dict[str, Any] | None = None
) -> Report:
    """Send at least so many. Half are meant to be right, and half of the paths name what is there.

    `described`: another OpenAPI than the one that is served.
    """
    caller, report = surface.caller(owner), Report()
    operations = _operations(described or openapi_of(surface, owner))
    dice = random.Random(seed)
    began = time.monotonic()
    at_once = min(_AT_ONCE_MAX, math.ceil(cases / len(operations) / len(_MODES)))
    places: dict[str, str] = {}
    with requests.Session() as session:
        while report.cases < cases:
            for operation in operations:
                if not places or operation.method.upper() != "GET":  # which may use up what is there
                    places = surface.places(caller, owner)
                for mode in _MODES:
                    send = _sender(session, caller, report, places, dice)
                    _send_all(operation, mode, send, dice.randrange(2**32), at_once)
    report.seconds = time.monotonic() - began
    return report


def openapi_of(surface: Surface, owner: Caller) -> dict[str, Any]:
    """As it is served."""
    document: dict[str, Any] = requests.get(owner.url + surface.openapi, timeout=30).json()
    return document


def _operations(described: dict[str, Any]) -> list[Any]:
    """Raises where one is not OpenAPI."""
    found: Any = schemathesis.openapi.from_dict(described).get_all_operations()
    parted = list(found)
    operations = [one.ok() for one in parted if hasattr(one, "ok")]
    lies = [str(one.err()) for one in parted if hasattr(one, "err")]
    if lies:
        raise ValueError("this is no OpenAPI: " + "; ".join(lies))
    return operations


def _send_all(
    operation: Any, mode: GenerationMode, send: Callable[[Any], None], seed: int, at_once: int
) -> None:
    """A call's cases; none where a call can be asked in one way only."""
    try:
        cases = operation.as_strategy(generation_mode=mode)
        _run(send, cases, seed, at_once)
    except Unsatisfiable:
        return


def _run(send: Callable[[Any], None], cases: Any, seed: int, at_once: int) -> None:
    quietly: Any = hypothesis.settings(
        max_examples=at_once,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seeded: Any = hypothesis.seed(seed)
    given: Any = hypothesis.given(cases)
    seeded(quietly(given(send)))()


def _sender(
    session: requests.Session, caller: Caller, report: Report, places: dict[str, str], dice: random.Random
) -> Callable[[Any], None]:
    def send(case: Any) -> None:
        if dice.random() < 0.5:
            known = {name: places[name] for name in case.path_parameters or {} if name in places}
            case.path_parameters = dict(case.path_parameters or {}) | known
            if isinstance(case.body, dict):
                case.body = case.body | {name: places[name] for name in case.body if name in places}
        case.body = caller.dressed(case.body)
        answer = case.call(base_url=caller.url, session=session, headers=caller.headers, timeout=30)
        report.cases += 1
        report.statuses[answer.status_code] += 1
        report.operations[case.operation.label] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as exc:
            for one in exc.exceptions:
                kind = f"{case.operation.label}: {str(one).partition(chr(10))[0]} ({answer.status_code})"
                line = case.as_curl_command(headers={"Authorization": "…"})
                report.faults.setdefault(kind, f"{str(one)[:600]}\n{line[:1500]}\n{answer.text[:500]}")

    return send


def main(words: Sequence[str]) -> int:
    """`./run torture openapi`."""
    parser = argparse.ArgumentParser(prog="./run torture openapi", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="to each surface")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--surface", choices=sorted(SURFACES))
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="clarion-openapi-") as folder:
        server = Served(Path(folder) / "data")
        server.start()
        try:
            owner = Caller(f"http://127.0.0.1:{server.port}", server.owner_token())
            names = [wish.surface] if wish.surface else list(SURFACES)
            reports = {name: fuzz(SURFACES[name], owner, wish.cases, wish.seed) for name in names}
        finally:
            server.stop()
        if any(500 in report.statuses for report in reports.values()):
            sys.stderr.write(server.log)  # it says what each was, and is gone with the folder
    sys.stdout.write("\n".join(_told(reports, wish.seed, as_json=wish.json)) + "\n")
    return 1 if any(report.faults for report in reports.values()) else 0


def _told(reports: dict[str, Report], seed: int, *, as_json: bool) -> Iterator[str]:
    if as_json:
        shown = {
            name: {
                "cases": report.cases,
                "statuses": dict(report.statuses),
                "faults": report.faults,
                "seconds": round(report.seconds, 1),
            }
            for name, report in reports.items()
        }
        yield json.dumps({"seed": seed, "surfaces": shown}, indent=2)
        return
    for name, report in reports.items():
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(report.statuses.items()))
        yield f"{name}: {report.cases:,} cases in {report.seconds:.0f} s ({statuses}), seed {seed}"
        yield f"  {len(report.faults)} kinds of fault"
        for kind, told in list(report.faults.items())[:_SHOWN_MAX]:
            yield f"  {kind}\n{told}"
