"""Where the settings come from, and what is wrong with what stands there."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from clarion.config.fields import FIELDS
from clarion.config.settings import Settings, decode_path, default_data
from clarion.errors import Misconfigured

FILE_NAME = "clarion.toml"
PREFIX = "CLARION_"


class Loaded(Struct, frozen=True, kw_only=True):
    """Settings, and for each key where its value came from: `default`, a file, a variable or a flag."""

    settings: Settings
    origins: dict[str, str]


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """Read the settings; a flag that is None was not given. `config` is the file to read instead of the
    data folder's. Raises Misconfigured, whose sentence names the source, the key, what was expected and the
    nearest key.
    """
    flags = {key: value for key, value in (flags or {}).items() if value is not None}
    given = config or (Path(environ["CLARION_CONFIG"]) if environ.get("CLARION_CONFIG") else None)
    data = Path(flags.get("data") or environ.get("CLARION_DATA") or default_data(environ))
    file = given or data / FILE_NAME
    values: dict[str, Any] = {}
    origins = dict.fromkeys(FIELDS, "default")
    for origin, key, value in (
        *_from_file(file, must_exist=given is not None),
        *_from_environment(environ),
        *_from_flags(flags),
    ):
        if key == "data" and origin == str(file) and given is None:
            raise Misconfigured(f"{file}: data cannot be set in the data folder's own file; use CLARION_DATA")
        values[key], origins[key] = value, origin
    settings = Settings(**{"data": data} | values)
    _check(settings, origins)
    return Loaded(settings=settings, origins=origins)


def _from_file(file: Path, *, must_exist: bool) -> Iterator[tuple[str, str, Any]]:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if must_exist:
            raise Misconfigured(
                f"{file}: there is no such file; --config or CLARION_CONFIG names it"
            ) from None
        return
    except OSError as exc:
        raise Misconfigured(f"{file}: cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise Misconfigured(f"{file}: is not TOML: {exc}") from exc
    for key, value in table.items():
        if key not in FIELDS:
            raise Misconfigured(f"{file}: {key} is not a setting{_nearest(key)}")
        value = _converted(str(file), key, value, strict=True)
        # A relative path in a file is meant from that file.
        yield (
            str(file),
            key,
            file.absolute().parent / value.expanduser() if isinstance(value, Path) else value,
        )


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Settings among the variables. Others named CLARION_* are none of ours unless they look like a slip of
    the pen: the curl lines of our docs use CLARION_KEY, and Kubernetes sets CLARION_SERVICE_HOST for a
    service `clarion`.
    """
    for variable, text in environ.items():
        key = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or key == "config" or not text:
            continue
        if key in FIELDS:
            yield variable, key, _converted(variable, key, text, strict=False)
        elif near := get_close_matches(key, FIELDS, n=1, cutoff=0.8):
            raise Misconfigured(f"{variable} is not a setting; did you mean {PREFIX}{near[0].upper()}?")


def _from_flags(flags: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in flags.items():
        flag = f"--{key.replace('_', '-')}"
        yield flag, key, _converted(flag, key, value, strict=False)


def _converted(origin: str, key: str, value: Any, *, strict: bool) -> Any:
    field = FIELDS[key]
    try:
        value = msgspec.convert(value, field.kind, strict=strict, dec_hook=decode_path)
    except (msgspec.ValidationError, TypeError):
        shown = "a value that is not shown" if field.secret else repr(value)
        where = "" if origin.lower().replace("-", "_").endswith(key) else f"{key} "
        raise Misconfigured(f"{origin}: {where}should be {field.expected}, not {shown}") from None
    return value.expanduser() if isinstance(value, Path) else value


def _check(settings: Settings, origins: Mapping[str, str]) -> None:
    """What no single key can break. Raises Misconfigured."""

    def refuse(key: str, sentence: str) -> None:
        raise Misconfigured(f"{sentence} ({key} comes from: {origins[key]})")

    for key in ("database_url", "app_database_url"):
        url = getattr(settings, key)
        if url is not None and not _is_database_url(url):
            refuse(key, f"{key} should be like postgresql://user:password@host/database")
    if settings.public_url is not None and not _is_web_url(settings.public_url):
        refuse("public_url", "public_url should be like https://mail.example.com")
    if settings.role != "all" and settings.database_url is None:
        refuse("role", f"role {settings.role} needs database_url: parts on their own share one PostgreSQL")
    if settings.app_database_url and not settings.database_url:
        refuse("app_database_url", "app_database_url needs database_url")
    if settings.tls_cert and not settings.tls_key:
        refuse("tls_cert", "tls_cert needs tls_key")
    if settings.tls_key and not settings.tls_cert:
        refuse("tls_key", "tls_key needs tls_cert")
    if settings.disk_warn_percent > settings.disk_stop_percent:
        refuse("disk_warn_percent", "disk_warn_percent should not be above disk_stop_percent")


def _is_database_url(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("postgresql", "postgres")
    except ValueError:
        return False


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.query and url.isascii()
        )
    except ValueError:
        return False


def _nearest(key: str) -> str:
    near = get_close_matches(key.lower().replace("-", "_"), FIELDS, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "; `clarion config reference` lists them"
