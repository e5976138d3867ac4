"""Asking before what cannot be taken back."""

import sys

from clarion import errors


def confirmed(question: str) -> bool:
    """Whether somebody at a terminal says yes. Raises Invalid where nobody is there."""
    if not sys.stdin.isatty():
        raise errors.Invalid("nobody is there to be asked; say --yes")
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
