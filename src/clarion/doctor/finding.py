"""What is looked at, and what is said of it."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

State = Literal["ok", "warn", "fail"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing looked at. `fail`: Clarion does not work so; `warn`: it does, with the risk that `detail`
    names.

    `advice` is empty where there is nothing to do.
    """

    name: str
    state: State
    detail: str
    advice: str = ""


class Subject(Struct, frozen=True, kw_only=True):
    """The settings that matter here. `served_at`: where a server of this folder listens now, if one does."""

    data: Path
    master_key_file: Path
    host: str
    port: int
    database_url: str | None = None
    engine_user: str | None = None
    served_at: str | None = None
    links_are_local: bool = False


def ok(name: str, detail: str) -> Finding:
    return Finding(name=name, state="ok", detail=detail)


def warn(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state="warn", detail=detail, advice=advice)


def fail(name: str, detail: str, advice: str) -> Finding:
    return Finding(name=name, state="fail", detail=detail, advice=advice)
