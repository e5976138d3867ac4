"""What of every vendor's contract is spoken, and which test shows it: the logic of `clarion coverage`.

Each dialect has a COVERAGE.csv of four columns: a statement of the vendor's contract in its own words, the answer
(yes, no, differs), the test that shows it, a note. A yes or differs holds when its test was collected, run and
passed on the files as they are now; a no, when its note says why. The results are those that test runs leave in
the checkout (tests/_results.py); what has none is run.
"""

import csv
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from clarion import errors

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS_FILE = ".test-results.json"
COLUMNS = ["statement", "answer", "test", "note"]
STATEMENTS_MAX = 4  # that one test may stand for
_HASHED = ("src", "tests")
_NOT_HASHED = {"__pycache__", ".hypothesis"}


class Row(Struct, frozen=True):
    """One statement of one vendor's contract. `test` is the id that pytest gives it, without parameters."""

    dialect: str
    statement: str
    answer: str
    test: str
    note: str


class Report(Struct, frozen=True):
    """All statements, and what is wrong with them: nothing, when all is well."""

    rows: list[Row]
    faults: list[str]


class _Results(Struct, frozen=True):
    """What test runs found, by test id, and of which files."""

    tree: str
    outcomes: dict[str, str]


def report(root: Path = CHECKOUT) -> Report:
    """Read, run what was not run on these files, judge. Raises Misconfigured where there is no checkout."""
    if not (root / "tests").is_dir():
        raise errors.Misconfigured(f"there are no tests in {root}; run `coverage` in a checkout of Clarion")
    rows = read_rows(root / "src" / "clarion" / "dialects")
    unknown = tests_without_result(rows, read_outcomes(root))
    _run([test for test in unknown if _is_written(root, test)], root)
    return Report(rows, faults(rows, read_outcomes(root)))


def show(found: Report, *, as_json: bool) -> str:
    """The statements as JSON or as a table for people, which the faults follow."""
    if as_json:
        return msgspec.json.format(msgspec.json.encode(found.rows), indent=2).decode()
    lines = [f"{row.dialect:<12} {row.answer:<8} {row.statement}" for row in found.rows]
    counts = Counter(row.answer for row in found.rows)
    lines.append(", ".join(f"{answer}: {counts[answer]}" for answer in ("yes", "differs", "no")))
    return "\n".join([*lines, *found.faults])


def read_rows(dialects: Path) -> list[Row]:
    """Every dialect's statements. Raises Invalid for a file that is none."""
    rows: list[Row] = []
    for path in sorted(dialects.glob("*/COVERAGE.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, strict=True)
            if table.fieldnames != COLUMNS:
                raise errors.Invalid(f"{path}: the first line must be {','.join(COLUMNS)}")
            for line in table:
                if None in line or None in line.values():
                    raise errors.Invalid(f"{path}, line {table.line_num}: not {len(COLUMNS)} columns")
                rows.append(Row(path.parent.name, *(line[column].strip() for column in COLUMNS)))
    return rows


def faults(rows: Iterable[Row], outcomes: Mapping[str, str]) -> list[str]:
    """What is wrong, a sentence each."""
    rows = list(rows)
    found = [f"{row.dialect}, {row.statement}: {wrong}" for row in rows if (wrong := _wrong(row, outcomes))]
    stands_for = Counter(row.test for row in rows if row.test)
    found += [
        f"{test} stands for {count} statements; at most {STATEMENTS_MAX} are let"
        for test, count in stands_for.items()
        if count > STATEMENTS_MAX
    ]
    statements = Counter((row.dialect, row.statement) for row in rows)
    return found + [
        f"{dialect}, {text}: stated {n} times" for (dialect, text), n in statements.items() if n > 1
    ]


def _wrong(row: Row, outcomes: Mapping[str, str]) -> str | None:
    match row.answer:
        case "no":
            return None if row.note else "a no without a reason in its note"
        case "yes" | "differs" if not row.test:
            return f"a {row.answer} without a test"
        case "differs" if not row.note:
            return "differs, and its note does not say how"
        case "yes" | "differs":
            outcome = outcome_of(row.test, outcomes)
            return None if outcome == "passed" else f"{row.test} {outcome or 'was not collected'}"
    return f"the answer is {row.answer!r}; it must be yes, no or differs"


def outcome_of(test: str, outcomes: Mapping[str, str]) -> str | None:
    """passed when every case of the test did; else the worst; None when no case ran."""
    found = {outcome for case, outcome in outcomes.items() if case == test or case.startswith(f"{test}[")}
    return next((outcome for outcome in ("failed", "skipped", "passed") if outcome in found), None)


def tests_without_result(rows: Iterable[Row], outcomes: Mapping[str, str]) -> list[str]:
    """The tests that are named and did not run on these files."""
    named = {row.test for row in rows if row.answer != "no" and row.test}
    return sorted(test for test in named if outcome_of(test, outcomes) is None)


def _is_written(root: Path, test: str) -> bool:
    """Whether there is such a test: pytest runs nothing at all when it is asked for one that is not there."""
    file, _, name = test.partition("::")
    path = root / file
    return (
        path.is_file()
        and re.search(rf"def {re.escape(name)}\(", path.read_text(encoding="utf-8")) is not None
    )


def _run(tests: Sequence[str], root: Path) -> None:
    if tests:
        command = [sys.executable, "-m", "pytest", "-q", *tests]
        subprocess.run(command, cwd=root, stdout=sys.stderr, check=False)  # noqa: S603  ids of our own files


# ---- results of test runs


def tree_hash(root: Path) -> str:
    """Names what was tested: the content of src and tests."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(path for folder in _HASHED for path in (root / folder).rglob("*")):
        if path.is_file() and _NOT_HASHED.isdisjoint(path.parts):
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


def read_outcomes(root: Path) -> Mapping[str, str]:
    """What test runs of these very files found; {} when there was none."""
    results = _read(root)
    return results.outcomes if results and results.tree == tree_hash(root) else {}


def add_outcomes(root: Path, tree: str, outcomes: Mapping[str, str]) -> None:
    """Add a run's outcomes to those of earlier runs of the same files."""
    earlier = _read(root)
    kept = earlier.outcomes if earlier and earlier.tree == tree else {}
    whole = {"tree": tree, "outcomes": {**kept, **outcomes}}
    fresh = root / f"{RESULTS_FILE}.new"
    fresh.write_text(json.dumps(whole, indent=0, sort_keys=True), encoding="utf-8")
    fresh.replace(root / RESULTS_FILE)


def _read(root: Path) -> _Results | None:
    try:
        return msgspec.json.decode((root / RESULTS_FILE).read_bytes(), type=_Results)
    except (OSError, msgspec.MsgspecError):
        return None
