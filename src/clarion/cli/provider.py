"""`clarion provider`: who carries messages."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from msgspec.structs import asdict

from clarion import errors
from clarion.api import Call
from clarion.api import provider_views as views
from clarion.api.nouns import provider
from clarion.api.ports import Nothing
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.messaging import Channel

app = App(name="provider", help="Who carries messages, channel by channel.")

_COLUMNS = ("channel", "kind", "settings", "set_at")
_WIDTH = 100  #: also where no terminal says how wide it is: settings are long, and go on below


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Who carries each channel, without secrets."""

    async def ask(call: Call) -> list[views.Provider]:
        return await provider.list_all(call, Nothing())

    found = with_call(place, "provider list", workspace, ask)
    if json:
        show_json(found)
    else:
        show_rows([_in_short(one) for one in found], _COLUMNS, json=False, width=_WIDTH)
    for one in found:
        _warn(one.warnings)


@app.command(name="set")
def set_(
    channel: Channel,
    kind: str,
    settings: Annotated[
        list[str] | None, Parameter(help="`name=value`; `name=@file` reads it, so that no secret is typed.")
    ] = None,
    *,
    file: Annotated[Path | None, Parameter(help="Settings in TOML; `name=value` goes before it.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """From now on `kind` carries the channel: mailbox, smtp, http, webhook."""
    wish = provider.Set(channel=channel, kind=kind, settings=_from_file(file) | _given(settings or []))

    async def do(call: Call) -> views.Provider:
        return await provider.set_(call, wish)

    done = with_call(place, "provider set", workspace, do)
    show_one(done, json=json)
    _warn(done.warnings)


@app.command(name="test")
def try_(
    channel: Channel,
    to: Annotated[str, Parameter(help="To whom; not needed for a webhook.")] = "",
    *,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Send a real test message and print what the provider said; exit 1 unless it took it."""

    async def do(call: Call) -> views.Tried:
        return await provider.test(call, provider.Test(channel=channel, to=to))

    done = with_call(place, "provider test", workspace, do)
    show_one(done, json=json)
    _warn(done.warnings)
    return 0 if done.state == "accepted" else 1


def _in_short(one: views.Provider) -> dict[str, Any]:
    """For people: without the settings that say nothing. `--json` has them all."""
    said = {name: value for name, value in one.settings.items() if value not in (None, "", [], {}, False)}
    return asdict(one) | {"settings": said}


def _given(settings: list[str]) -> dict[str, Any]:
    """`a=b`, and `a.b=c` for what stands inside a table."""
    found: dict[str, Any] = {}
    for one in settings:
        path, equals, value = one.partition("=")
        *tables, name = path.split(".")
        if not equals or not all((*tables, name)):
            raise errors.Invalid(f"{path!r} should be name=value")
        inner = found
        for table in tables:
            inner = inner.setdefault(table, {})
            if not isinstance(inner, dict):
                raise errors.Invalid(f"{path!r}: {table} has a value already")
        inner[name] = _read(Path(value[1:])).strip() if value.startswith("@") else value
    return found


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(_read(file))
    except tomllib.TOMLDecodeError as exc:
        raise errors.Invalid(f"{file}: is not TOML: {exc}") from exc


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc}") from exc


def _warn(warnings: list[str]) -> None:
    for one in warnings:
        warn(one)
