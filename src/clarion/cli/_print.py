"""How commands print: a table for people, one JSON document for machines."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

#: Where no terminal says how wide it is, nothing is cut off.
_WIDE = 10_000


def show(
    rows: Sequence[Any], columns: Sequence[str], *, json: bool, width: int = _WIDE, none: str = ""
) -> None:
    """Print a list of things: Structs or mappings with at least these columns. As JSON, all that they have.

    `none`: what people are told where there are none. `width`: how wide where no terminal says it; values that are
    longer go on in the line below.
    """
    if json:
        show_json(rows)
        return
    if none and not rows:
        print(none)
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        values = row if isinstance(row, Mapping) else msgspec.structs.asdict(row)
        table.add_row(*(_cell(column, values[column]) for column in columns))
    _print(table, width)


def show_one(thing: Any, *, json: bool) -> None:
    """Print one thing, a Struct or a mapping: a line for each of its values."""
    if json:
        show_json(thing)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    values = thing if isinstance(thing, Mapping) else msgspec.structs.asdict(thing)
    for name, value in values.items():
        # A label in words may end in a name of the customer's, as `trait signup_source`: that stays as it is.
        table.add_row(name if " " in name else name.replace("_", " "), _cell(name, value))
    _print(table)


def show_json(value: Any) -> None:
    """Print one JSON document, indented for whoever looks at it."""
    document = msgspec.json.encode(value, enc_hook=str)
    indent = 2 if sys.stdout.isatty() else 0
    sys.stdout.write(msgspec.json.format(document, indent=indent).decode() + "\n")


def warn(sentence: str) -> None:
    """Say on stderr what is wrong, as refusals are said."""
    sys.stderr.write(f"clarion: {sentence}\n")


def text(value: Any) -> str:
    """One value as people read it."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case Mapping() | list() | tuple() | set() | frozenset() if not value:
            return "–"
        case Mapping():
            return ", ".join(f"{name} {text(inner)}" for name, inner in value.items())
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(text, value))
        case _:
            return str(value)


def _cell(name: str, value: Any) -> str:
    """A value under its name: what is named `…_at` is a time, and has no need of millionths of a second."""
    if name.endswith("_at") and " " not in name and isinstance(value, str):
        with suppress(ValueError):
            return text(datetime.fromisoformat(value))
    return text(value)


def _print(table: Table, width: int = _WIDE) -> None:
    console = Console(
        width=None if sys.stdout.isatty() else width, markup=False, highlight=False, emoji=False
    )
    with console.capture() as written:
        console.print(table)
    for line in written.get().splitlines():
        print(line.rstrip())
