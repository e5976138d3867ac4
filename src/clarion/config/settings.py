"""What can be set: the one place that lists it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

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
