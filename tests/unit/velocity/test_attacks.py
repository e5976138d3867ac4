"""No template reaches Python, and none takes more than a second or 64 MB; each is measured in its own process."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.unit.velocity import attacks

ROOT = Path(__file__).resolve().parents[3]
SECONDS_MAX, RESIDENT_MB_MAX = 1.0, 64
#: What would be printed if a template got hold of a Python object, or of this machine.
LEAKS = (
    "<class",
    "<function",
    "<built-in",
    "<bound",
    "<module",
    " object at 0x",
    "root:x:",
    "uid=",
    "globals",
    "mappingproxy",
)


def imprisoned(sources, *options):
    """What became of each, in a process that knows nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.velocity.prisoner", *options],
        input="".join(json.dumps(source) + "\n" for source in sources),
        env={"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def results():
    return dict(zip(attacks.ALL, imprisoned(attacks.ALL), strict=True))


def test_the_corpus_is_large_and_of_every_kind():
    assert len(set(attacks.ALL)) == len(attacks.ALL) >= 150


@pytest.mark.parametrize("source", attacks.ALL, ids=lambda source: repr(source)[:60])
def test_an_attack_ends_in_an_error_or_as_text(source):
    result = results()[source]
    assert result["outcome"].startswith(("text: ", "error: ")), result
    assert result["cpu_s"] < SECONDS_MAX, result
    assert result["resident_mb"] < RESIDENT_MB_MAX, result


@pytest.mark.parametrize("source", attacks.REACHING)
def test_a_template_does_not_reach_python(source):
    """What is printed holds nothing that the template and its data did not."""
    printed = results()[source]["outcome"].replace(source, "")
    assert [leak for leak in LEAKS if leak in printed and leak not in source] == []


def test_without_budgets_the_measuring_would_notice():
    """The control: the same loop with the budgets off takes what this test measures."""
    source = "#foreach($i in [1..1500000])xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx$i#end"
    (result,) = imprisoned([source], "--unbound")
    assert result["resident_mb"] > RESIDENT_MB_MAX
    assert result["cpu_s"] > 0.1  # 1.2 s on a slow machine; the memory is the same on all
