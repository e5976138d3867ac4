"""This Python and the user who runs it."""

import locale
import os
import sys
from collections.abc import Iterator

from clarion.doctor.finding import Finding, fail, ok, warn

_PYTHON_MIN, _PYTHON_END = (3, 11), (3, 15)


def look() -> Iterator[Finding]:
    """Whether they suffice."""
    yield from _python()
    yield from _text()
    yield from _home()


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if _PYTHON_MIN <= sys.version_info[:2] < _PYTHON_END:
        yield ok("python", f"Python {version}")
    else:
        yield fail("python", f"Python {version}", "use Python 3.11, 3.12, 3.13 or 3.14")


def _text() -> Iterator[Finding]:
    """File names and the terminal: Clarion's data is Unicode, whatever the locale."""
    names, terminal = sys.getfilesystemencoding(), locale.getpreferredencoding(False)
    if names.lower() == "utf-8" and terminal.lower() == "utf-8":
        yield ok("locale", "UTF-8")
    else:
        yield warn("locale", f"file names are {names}, the terminal is {terminal}", "set LC_ALL=C.UTF-8")


def _home() -> Iterator[Finding]:
    home = os.environ.get("HOME", "")
    if home and os.access(home, os.W_OK):
        yield ok("home", f"{home} is writable")
    else:
        yield ok("home", f"{home or 'none'} is not writable, which Clarion does not need")
