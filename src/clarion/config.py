"""What an installation may choose: one frozen `Settings`, and where each choice came from.

Sources, a later one wins: the default, the file `clarion.toml`, the variables `CLARION_*`, the command
line's flags. The same word everywhere: `port` in the file is `CLARION_PORT` and `--port`.
`docs/reference/configuration.md` is made from this file (`clarion config reference`).
"""

import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from clarion.errors import Misconfigured

FILE_NAME = "clarion.toml"
PREFIX = "CLARION_"

Role = Literal["all", "api", "worker"]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Port = Annotated[int, Meta(ge=0, le=65535)]
Percent = Annotated[int, Meta(ge=1, le=100)]


def default_data(environ: Mapping[str, str] = os.environ, *, root: bool | None = None) -> Path:
    """The data folder of somebody who chose none: root's is the machine's, anybody else's is at home."""
    if os.geteuid() == 0 if root is None else root:
        return Path("/var/lib/clarion")
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "clarion"
    return Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "clarion"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set; units are last in the name, paths are absolute.

    A field's description is what the reference shows; in `extra`, `default` is what stands there where the
    default is not a plain value, and `secret` marks what is never shown as it is.
    """

    data: Annotated[
        Path,
        Meta(
            description="Folder of the embedded PostgreSQL, the master key and `clarion.toml`.",
            extra={
                "default": "as root `/var/lib/clarion`; else `clarion` under `$XDG_DATA_HOME` or "
                "`~/.local/share`; on macOS `~/Library/Application Support/clarion`"
            },
        ),
    ] = msgspec.field(default_factory=default_data)
    database_url: Annotated[
        str | None,
        Meta(
            description="PostgreSQL 15 or newer to use instead of the embedded one, as "
            "`postgresql://user:password@host/database`. That user must be allowed to take on the roles "
            "`clarion_owner` and `clarion_app`.",
            extra={"default": "the embedded PostgreSQL", "secret": True},
        ),
    ] = None
    app_database_url: Annotated[
        str | None,
        Meta(
            description="A sign-in of its own for what answers callers, so that it cannot take on "
            "`clarion_owner`.",
            extra={"default": "`database_url`", "secret": True},
        ),
    ] = None
    engine_user: Annotated[
        str | None,
        Meta(
            description="System user who runs the embedded PostgreSQL when the server is started by root "
            "(PostgreSQL refuses to run as root).",
            extra={"default": "found by itself"},
        ),
    ] = None
    master_key_file: Annotated[
        Path,
        Meta(
            description="The key that wraps every workspace's keys. Back it up apart from the data; without "
            "it the sealed data cannot be read.",
            extra={"default": "`master.key` in the data folder"},
        ),
    ] = Path("master.key")

    role: Annotated[
        Role,
        Meta(
            description="What this process runs: `all`, only the HTTP server (`api`), or only workers "
            "(`worker`); the latter two need `database_url`."
        ),
    ] = "all"
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes.")] = 1
    host: Annotated[
        str,
        Meta(
            description="Address to listen on; `0.0.0.0` or `::` for all. Keys travel in clear without TLS."
        ),
    ] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on; 0 takes any free one and says which.")] = 8080
    tls_cert: Annotated[
        Path | None, Meta(description="Certificate chain (PEM); turns HTTPS on, together with `tls_key`.")
    ] = None
    tls_key: Annotated[Path | None, Meta(description="Private key of `tls_cert` (PEM).")] = None
    public_url: Annotated[
        str | None,
        Meta(
            description="Where recipients of messages reach this server: their links begin with it, as "
            "`https://mail.example.com`.",
            extra={"default": "the address it listens on, which nobody else can open where that is loopback"},
        ),
    ] = None
    outbound_allow: Annotated[
        str | None,
        Meta(
            description="Targets that workspaces' mail servers, gateways and webhooks may be although they are "
            "private or local, or at another port than 80, 443 or those of SMTP (25, 465, 587, 2525): "
            "`host:port`, or a network at the usual ports, with commas between."
        ),
    ] = None
    connections_max: Annotated[
        int, Meta(ge=16, le=1_000_000, description="Open HTTP connections; more wait in the system's queue.")
    ] = 10_000

    backlog_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Accepted items waiting to be processed; beyond, ingest answers 503 with "
            "Retry-After.",
        ),
    ] = 1_000_000
    outbox_max: Annotated[
        int,
        Meta(
            ge=1,
            description="Due transactional messages of a workspace and channel; beyond, calls that send are answered "
            "503 with Retry-After.",
        ),
    ] = 100_000
    disk_warn_percent: Annotated[Percent, Meta(description="Use of the data's disk at which to warn.")] = 85
    disk_stop_percent: Annotated[
        Percent, Meta(description="Use of the data's disk at which ingest answers 503 with Retry-After.")
    ] = 95
    journal_keep_days: Annotated[
        int, Meta(ge=1, le=3650, description="Days a block stays in the journal after it was processed.")
    ] = 7
    keys_keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="Days by which an item is known again that comes twice; 0 is for ever. Keys that a "
            "vendor knows for a window only go two days after it whatever this says.",
        ),
    ] = 0

    backup_every_hours: Annotated[
        int,
        Meta(ge=0, le=8760, description="Hours between backups of the embedded database; 0 makes none."),
    ] = 0
    backup_folder: Annotated[
        Path,
        Meta(
            description="Where scheduled backups go; better on another disk.",
            extra={"default": "`backups` in the data folder"},
        ),
    ] = Path("backups")
    backup_keep: Annotated[
        int, Meta(ge=1, le=10_000, description="Scheduled backups to keep; older ones are removed.")
    ] = 7
    timeline_keep_months: Annotated[
        int,
        Meta(
            ge=0,
            le=1200,
            description="Months that events are kept at least; 0 is for ever. Whole calendar months (UTC, of "
            "receiving) go, for all workspaces, and the ledger counts their events as expired.",
        ),
    ] = 0
    changes_keep_months: Annotated[
        int,
        Meta(
            ge=0,
            le=1200,
            description="Months that the log of profiles' changes is kept at least; 0 is for ever. Whole calendar "
            "months (UTC) go, for all workspaces; what profiles hold stays.",
        ),
    ] = 0

    messages_keep_days: Annotated[
        int,
        Meta(
            ge=90,
            le=36500,
            description="Days that a message is kept after the last that happened to it, with its decision, attempts "
            "and reports; what is still to be sent stays. Afterwards its status is unknown, and its key may be sent "
            "again.",
        ),
    ] = 400

    log_format: Annotated[LogFormat, Meta(description="Log lines on stderr for people or for machines.")] = (
        "text"
    )
    log_level: Annotated[LogLevel, Meta(description="The least important lines to write.")] = "info"

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "data", self.data.expanduser().absolute())
        msgspec.structs.force_setattr(self, "master_key_file", self.data / self.master_key_file)
        msgspec.structs.force_setattr(self, "backup_folder", self.data / self.backup_folder)

    @property
    def base_url(self) -> str:
        """Where a caller on this machine reaches the HTTP server."""
        here = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - a look-up, not a bind
        host = here.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"

    @property
    def links_url(self) -> str:
        """What links for recipients begin with."""
        return (self.public_url or self.base_url).rstrip("/")

    @property
    def links_are_local(self) -> bool:
        """Whether those links open on this machine only."""
        host = urlsplit(self.links_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


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


# What msgspec does not know about paths: pass these where settings cross a process.


def encode_path(value: Any) -> str:
    """`enc_hook` of msgspec for settings."""
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


def decode_path(kind: type, value: Any) -> Any:
    """`dec_hook` of msgspec for settings."""
    if kind is Path and isinstance(value, (str, Path)) and str(value):
        return Path(value)
    raise TypeError


# Describing settings


class Field(Struct, frozen=True, kw_only=True):
    """One key as the reference and the errors speak of it."""

    kind: Any
    description: str
    expected: str
    default: str
    secret: bool


def _fields() -> dict[str, Field]:
    hints = get_type_hints(Settings, include_extras=True)
    return {field.name: _field(hints[field.name], field) for field in msgspec.structs.fields(Settings)}


def _field(hint: Any, field: msgspec.structs.FieldInfo) -> Field:
    metas = [meta for meta in _metas(hint) if isinstance(meta, Meta)]
    extra = next((meta.extra for meta in metas if meta.extra), {})
    return Field(
        kind=hint,
        description=next(meta.description for meta in metas if meta.description),
        expected=_expected(hint, metas),
        default=cast(str, extra.get("default"))
        or ("none" if field.default is None else f"`{field.default}`"),
        secret=bool(extra.get("secret")),
    )


def _metas(hint: Any) -> Iterable[Any]:
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _expected(hint: Any, metas: list[Meta]) -> str:
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(base) is Literal:
        return "one of " + ", ".join(get_args(base))
    kinds = {int: "a whole number", str: "text", Path: "a path"}
    name = next(kinds[kind] for kind in (base, *get_args(base)) if kind in kinds)
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if low is not None and high is not None:
        return f"{name} from {low} to {high}"
    return name if low is None else f"{name}, at least {low}"


FIELDS: Mapping[str, Field] = _fields()


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
