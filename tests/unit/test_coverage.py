"""What `clarion coverage` believes and what it does not."""

import json
import sys
from pathlib import Path

import pytest

from clarion import coverage, errors
from clarion.coverage import Row

ROOT = Path(__file__).parents[2]
HEAD = "statement,answer,test,note\n"
TEST = "tests/test_a.py::test_one"


def row(answer: str = "yes", test: str = TEST, note: str = "", statement: str = "1. It works.") -> Row:
    return Row("vendor", statement, answer, test, note)


def checkout(root: Path, lines: str, tests: str) -> Path:
    """A checkout with one dialect and one file of tests, whose runs leave their results."""
    dialect = root / "src" / "clarion" / "dialects" / "vendor"
    dialect.mkdir(parents=True)
    (dialect / "COVERAGE.csv").write_text(HEAD + lines, encoding="utf-8")
    (root / "tests").mkdir()
    (root / "tests" / "test_a.py").write_text(tests, encoding="utf-8")
    (root / "tests" / "conftest.py").write_text('pytest_plugins = ["tests._results"]\n', encoding="utf-8")
    (root / "tests" / "_results.py").write_text(
        (ROOT / "tests" / "_results.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (root / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n", encoding="utf-8"
    )
    return root


# ---- judging


def test_a_yes_whose_test_passed_is_believed() -> None:
    assert coverage.faults([row()], {TEST: "passed"}) == []


@pytest.mark.parametrize(
    ("stated", "outcomes", "fault"),
    [
        (row(), {}, "was not collected"),
        (row(), {f"{TEST}_and_more": "passed"}, "was not collected"),
        (row(), {TEST: "failed"}, "failed"),
        (row(), {TEST: "skipped"}, "skipped"),
        (row(), {f"{TEST}[a]": "passed", f"{TEST}[b]": "failed"}, "failed"),
        (row(), {f"{TEST}[a]": "passed", f"{TEST}[b]": "skipped"}, "skipped"),
        (row(test=""), {}, "without a test"),
        (row("differs", note=""), {TEST: "passed"}, "does not say how"),
        (row("differs", note="It is blue."), {TEST: "failed"}, "failed"),
        (row("no", test=""), {}, "without a reason"),
        (row("maybe"), {TEST: "passed"}, "must be yes, no or differs"),
    ],
)
def test_what_is_not_shown_is_a_fault(stated: Row, outcomes: dict[str, str], fault: str) -> None:
    (found,) = coverage.faults([stated], outcomes)
    assert found.startswith("vendor, 1. It works.: ")
    assert fault in found


def test_a_no_with_a_reason_and_a_differs_with_both_are_believed() -> None:
    rows = [row("no", test="", note="Later.", statement="1"), row("differs", note="Blue.", statement="2")]
    assert coverage.faults(rows, {TEST: "passed"}) == []


def test_every_case_of_a_parametrised_test_counts() -> None:
    assert coverage.faults([row()], {f"{TEST}[a]": "passed", f"{TEST}[b]": "passed"}) == []


def test_one_test_stands_for_four_statements_at_most() -> None:
    rows = [row(statement=str(n)) for n in range(5)]
    assert coverage.faults(rows[:4], {TEST: "passed"}) == []
    assert coverage.faults(rows, {TEST: "passed"}) == [f"{TEST} stands for 5 statements; at most 4 are let"]


def test_a_statement_is_stated_once() -> None:
    assert coverage.faults([row(), row()], {TEST: "passed"}) == ["vendor, 1. It works.: stated 2 times"]


# ---- files


@pytest.mark.parametrize("lines", ["a,b\n1,yes\n", HEAD + "1,yes\n", HEAD + "1,yes,t,n,more\n", ""])
def test_a_file_of_another_form_is_refused(tmp_path: Path, lines: str) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "COVERAGE.csv").write_text(lines, encoding="utf-8")
    with pytest.raises(errors.Invalid, match=r"COVERAGE\.csv"):
        coverage.read_rows(tmp_path)


def test_results_hold_for_the_files_that_were_tested(tmp_path: Path) -> None:
    checkout(tmp_path, "", "")
    tree = coverage.tree_hash(tmp_path)
    coverage.add_outcomes(tmp_path, tree, {"a": "passed"})
    coverage.add_outcomes(tmp_path, tree, {"b": "failed"})
    assert coverage.read_outcomes(tmp_path) == {"a": "passed", "b": "failed"}
    (tmp_path / "tests" / "test_a.py").write_text("# changed", encoding="utf-8")
    assert coverage.read_outcomes(tmp_path) == {}
    coverage.add_outcomes(tmp_path, coverage.tree_hash(tmp_path), {"c": "passed"})
    assert coverage.read_outcomes(tmp_path) == {"c": "passed"}


def test_a_file_that_was_renamed_is_another_tree(tmp_path: Path) -> None:
    checkout(tmp_path, "", "")
    before = coverage.tree_hash(tmp_path)
    (tmp_path / "tests" / "test_a.py").rename(tmp_path / "tests" / "test_b.py")
    assert coverage.tree_hash(tmp_path) != before


def test_broken_results_are_no_results(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"tree": 1}'):
        (tmp_path / coverage.RESULTS_FILE).write_text(content, encoding="utf-8")
        assert coverage.read_outcomes(tmp_path) == {}


def test_without_a_checkout_it_says_what_it_wants(tmp_path: Path) -> None:
    with pytest.raises(errors.Misconfigured, match="checkout"):
        coverage.report(tmp_path)


# ---- the whole


def test_tests_without_results_are_run_and_believed_only_when_they_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    lines = "".join(
        f"{n}. {name},yes,tests/test_a.py::test_{name},\n"
        for n, name in enumerate(("passes", "cases", "fails", "skips", "breaks", "is_nowhere"), start=1)
    )
    tests = """
import pytest

def test_passes(): ...

@pytest.mark.parametrize("n", [1, 2])
def test_cases(n): ...

def test_fails():
    assert False

@pytest.mark.skip
def test_skips(): ...

@pytest.fixture
def broken():
    yield
    raise RuntimeError

def test_breaks(broken): ...
"""
    found = coverage.report(checkout(tmp_path, lines, tests))
    assert [fault.rpartition("::")[2] for fault in found.faults] == [
        "test_fails failed",
        "test_skips skipped",
        "test_breaks failed",
        "test_is_nowhere was not collected",
    ]
    kept = json.loads((tmp_path / coverage.RESULTS_FILE).read_text(encoding="utf-8"))["outcomes"]
    assert kept["tests/test_a.py::test_cases[1]"] == "passed"
    monkeypatch.setattr(sys, "executable", "/nothing/is/run/again")
    assert coverage.report(tmp_path).faults == found.faults


def test_it_is_shown_as_json_and_for_people() -> None:
    found = coverage.Report([row(), row("no", test="", note="Later.", statement="2. Later.")], ["a fault"])
    assert json.loads(coverage.show(found, as_json=True))[0] == {
        "dialect": "vendor",
        "statement": "1. It works.",
        "answer": "yes",
        "test": TEST,
        "note": "",
    }
    lines = coverage.show(found, as_json=False).splitlines()
    assert lines == [
        "vendor       yes      1. It works.",
        "vendor       no       2. Later.",
        "yes: 1, differs: 0, no: 1",
        "a fault",
    ]


# ---- ours


def test_smashsend_answers_for_every_statement_of_its_contract() -> None:
    rows = [
        row for row in coverage.read_rows(ROOT / "src" / "clarion" / "dialects") if row.dialect == "smashsend"
    ]
    assert [int(row.statement.partition(".")[0]) for row in rows] == list(range(1, 100))


def test_what_is_wrong_on_its_face_is_found_without_running_anything() -> None:
    rows = coverage.read_rows(ROOT / "src" / "clarion" / "dialects")
    assert coverage.faults(rows, {row.test: "passed" for row in rows}) == []
