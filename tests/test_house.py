"""The house rules that a machine can hold: layers of imports, SQL, routes, docs."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clarion import db
from clarion.dialects import DIALECTS

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "clarion"
PYTHON = sorted(SOURCE.rglob("*.py"))
MIGRATIONS = "\n".join(file.read_text("utf-8") for file in sorted((SOURCE / "db/migrations").glob("*.sql")))
ROOMS = sorted(f"clarion.{file.parent.name}" for file in SOURCE.glob("*/queries.sql"))
QUERIES = [(room, name, text) for room in ROOMS for name, text in db.load(room).items()]

#: Shared by all workspaces; every other table is a tenant's.
SHARED = {
    "workspace",
    "member",
    "membership",
    "credential",
    "instance",
    "acting_change",
    "schema_migration",
    "task_run",
}
TENANT = set(re.findall(r"^CREATE TABLE (\w+)", MIGRATIONS, re.MULTILINE)) - SHARED

#: Queries that go over all workspaces, and why.
OVER_ALL_WORKSPACES = {
    "find_lanes": "workers ask which workspaces have work, then claim inside one",
    "find_due_workspaces": "the same for jobs",
    "find_due_lines": "the same for sends",
    "find_lapsed_workspaces": "where a worker went away in the middle of an attempt",
    "find_unknown_workspaces": "where there are sends of which nobody knows",
    "list_kinds_set": "kinds of providers only, for the doctor; workspaces are not named",
    "find_workspaces_with_runs": "the same for runs",
    "delete_old_keys": "read as they lie on disk, whose ever they are",
    "count_key_pages": "the size of a table",
    "count_whole_backlog": "a number only, by a function of the owner's",
}
VOLATILE = ("clock_timestamp(", "gen_random_uuid(", "random(", "timeofday(", "nextval(", "uuidv7(")


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


# ---- code


def test_a_rooms_store_is_imported_by_that_room_alone():
    strangers = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in PYTHON
        for name in imports(file)
        if (found := re.match(r"clarion\.(\w+)\.store\b", name))
        and file.relative_to(SOURCE).parts[0] != found[1]
    ]
    assert strangers == []


def test_pure_files_do_no_io():
    """Files that decide are handed everything: no clock, no await, no socket, no randomness."""
    pure = [
        *SOURCE.glob("model/*.py"),
        SOURCE / "events/journal.py",
        SOURCE / "events/timeline.py",
        SOURCE / "events/ledger.py",
        SOURCE / "profiles/traits.py",
        SOURCE / "profiles/conversion.py",
        SOURCE / "profiles/standard.py",
        SOURCE / "profiles/identities.py",
        SOURCE / "profiles/resolve.py",
        SOURCE / "profiles/suppression.py",
        SOURCE / "profiles/numbers.py",
        SOURCE / "orders/order.py",
        SOURCE / "orders/check.py",
        SOURCE / "orders/event.py",
        SOURCE / "metrics/catalogue.py",
        SOURCE / "messaging/sends.py",
        SOURCE / "messaging/policy.py",
        SOURCE / "messaging/rendering.py",
        SOURCE / "messaging/trials.py",
        SOURCE / "messaging/outcomes.py",
        *SOURCE.glob("segments/*.py"),
        SOURCE / "automations/definition.py",
        SOURCE / "automations/check.py",
        SOURCE / "automations/run.py",
        SOURCE / "automations/entry.py",
        SOURCE / "automations/advance.py",
        *SOURCE.glob("dialects/*/mapping.py"),
        *SOURCE.glob("dialects/*/rules.py"),
        *SOURCE.glob("dialects/*/wire.py"),
        SOURCE / "dialects/_words.py",
        *SOURCE.glob("dialects/*/reply.py"),
    ]
    for file in pure:
        text = file.read_text("utf-8")
        assert "await " not in text, file
        assert not re.search(r"\btime\.(time|monotonic)|datetime\.now|\brandom\.|uuid4", text), file


def test_a_vendors_words_stay_inside_its_dialect():
    words = re.compile(r"messageId|sk_live|identify\.|INVALID_EMAIL|api_key")
    allowed = {"log.py", "cli"}  # masks secrets by name; prints what the vendor's caller needs
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in PYTHON
        if file.relative_to(SOURCE).parts[0] not in {"dialects", *allowed}
        for line in file.read_text("utf-8").splitlines()
        if words.search(line)
    ]
    assert found == []


def test_dialects_have_one_shape():
    for name in DIALECTS:
        files = {file.name for file in (SOURCE / "dialects" / name).iterdir()}
        assert {
            "__init__.py",
            "wire.py",
            "auth.py",
            "mapping.py",
            "reply.py",
            "routes.py",
            "describe.py",
            "COVERAGE.csv",
        } <= files


# ---- SQL


@pytest.mark.parametrize(
    ("room", "name", "text"), QUERIES, ids=[f"{room}.{name}" for room, name, _ in QUERIES]
)
def test_a_query_names_its_workspace(room, name, text):
    assert text.startswith("--"), "a comment line says what it is for"
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    tables = set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:ONLY\s+)?(\w+)", body))
    if name not in OVER_ALL_WORKSPACES and tables & TENANT:
        assert re.search(
            r"workspace_id = \$1|INTO \w+ \(workspace_id\b[^)]*\)\s*(?:SELECT|VALUES \() ?\$1", body
        ), body
    if re.search(r"\bUPDATE\b", body):
        assert not any(call in body for call in VOLATILE), "Citus refuses volatile functions in UPDATE"


def test_every_query_is_used():
    for room, name, _ in QUERIES:
        code = "".join(file.read_text("utf-8") for file in (SOURCE / room.split(".")[1]).rglob("*.py"))
        assert f"Q.{name}" in code, f"{room}: nobody asks {name}"


def test_sql_stands_in_queries_and_migrations_only():
    """Elsewhere is what runs before the tables are there, and what builds partitions by name."""
    exceptions = {"db", "doctor"}
    statement = re.compile(r"\"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|ALTER|CREATE)\s")
    allowed = {("jobs/schedule.py", "pg_try_advisory_lock"), ("jobs/schedule.py", "pg_advisory_unlock")}
    found = [
        f"{file.relative_to(SOURCE)}: {line.strip()}"
        for file in PYTHON
        if file.relative_to(SOURCE).parts[0] not in exceptions
        for line in file.read_text("utf-8").splitlines()
        if statement.search(line)
        and not any(str(file.relative_to(SOURCE)) == at and what in line for at, what in allowed)
    ]
    assert found == []


def test_schema_sql_is_what_the_migrations_make():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/schema.py", "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# ---- docs

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_pages_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target and not target.startswith("/"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_front_page_names_the_two_commands_first():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert 0 < readme.index("./run serve") < 1500
    assert 0 < readme.index("./run test") < 1500


def test_architecture_names_every_room_and_no_other():
    listed = set(re.findall(r"^(\w+)/ ", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE))
    rooms = {file.parent.name for file in SOURCE.glob("*/__init__.py")}
    assert listed == rooms


def test_every_kind_of_page_has_one():
    for kind in ("tutorial", "how-to", "reference", "explanation", "decisions"):
        assert list((ROOT / "docs" / kind).glob("*.md")), f"docs/{kind} is empty"


def test_no_page_or_lock_names_a_registry_or_this_machine():
    """Lock files must install from whatever index their reader uses."""
    hosts = re.compile(
        "|".join(("py" + "pi.org", "npm" + "js.org", "deb." + "debian", "/wo" + "rk/", "python" + "hosted"))
    )
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    for name in filter(None, tracked.split("\0")):
        file = ROOT / name
        if file.is_file() and file.suffix not in {".whl", ".png"}:
            assert not hosts.search(file.read_text("utf-8", errors="replace")), name
