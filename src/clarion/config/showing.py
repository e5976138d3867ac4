"""The settings for people: their values, and the page that lists them."""

from pathlib import Path
from urllib.parse import urlsplit

from clarion.config.fields import FIELDS
from clarion.config.settings import Settings
from clarion.config.sources import PREFIX


def shown(settings: Settings) -> dict[str, str | int | None]:
    """Every key's value as it may be printed: a URL without its password."""
    values = {key: getattr(settings, key) for key in FIELDS}
    return {
        key: _without_password(value)
        if FIELDS[key].secret and value
        else str(value)
        if isinstance(value, Path)
        else value
        for key, value in values.items()
    }


def _without_password(url: str) -> str:
    """The password may also stand among the parameters (`?password=`), so none of them is shown."""
    parts = urlsplit(url)
    _, at, place = parts.netloc.rpartition("@")
    user = f"{parts.username or ''}{':***' if parts.password else ''}"
    return parts._replace(
        netloc=f"{user}{at}{place}", query="***" if parts.query else "", fragment=""
    ).geturl()


def reference() -> str:
    """The text of docs/reference/configuration.md."""
    return "\n".join(["# Configuration", "", *_PREAMBLE, "", *map(_entry, FIELDS)])


_PREAMBLE = (
    "<!-- Made by `./run config reference`; do not edit. -->",
    "",
    "Every setting can be given in three places; a later one wins:",
    "",
    "1. the file `clarion.toml` in the data folder (or the file that `--config` or `CLARION_CONFIG` names):",
    "   `port = 8080`. A relative path in it is meant from the file's folder;",
    "2. a variable: `CLARION_PORT=8080`;",
    "3. where the command has it, a flag: `--port 8080`.",
    "",
    "A key that is not in this list and a value of another kind are errors that name the place.",
    "`clarion config show` prints what is in force and where each value came from.",
)


def _entry(key: str) -> str:
    field = FIELDS[key]
    return (
        f"## {key}\n\n{field.description}\n\n"
        f"- variable: `{PREFIX}{key.upper()}`\n- value: {field.expected}\n- default: {field.default}\n"
    )
