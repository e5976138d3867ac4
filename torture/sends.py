"""`./run torture sends`: T2, long: at every point of an SMTP attempt 25 workers are killed.

The quick tier's own tests with more kills, so that there is one judge of what is sent twice or lost.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KILLS = 25


def main(arguments: Sequence[str]) -> int:
    """Run them; the tests' own exit code."""
    parser = argparse.ArgumentParser(prog="torture sends", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help=f"at each point, instead of {KILLS}")
    options = parser.parse_args(arguments)
    words = [sys.executable, "-m", "pytest", "tests/trust/test_killed_sends.py", "-v", "--durations=0"]
    return subprocess.run(
        words, cwd=ROOT, env=os.environ | {"KILLS": str(options.kills)}, check=False
    ).returncode
