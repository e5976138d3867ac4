"""`clarion serve`."""

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from clarion import __version__, config, log
from clarion.config import LogFormat, LogLevel, Role, Settings
from clarion.errors import ClarionError
from clarion.serve import folder, supervisor
from clarion.serve.port import Prepared

_log = log.get(__name__)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Flags:
    """Settings that can be given here; the reference (docs/reference/configuration.md) has them all."""

    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes any free one.")] = None
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None
    data: Annotated[Path | None, Parameter(help="Data folder.")] = None
    role: Annotated[Role | None, Parameter(help="Run everything, only HTTP, or only workers.")] = None
    workers: Annotated[int | None, Parameter(help="Worker processes.")] = None
    tls_cert: Annotated[Path | None, Parameter(help="Certificate chain (PEM) for HTTPS.")] = None
    tls_key: Annotated[Path | None, Parameter(help="Its private key (PEM).")] = None
    log_format: Annotated[LogFormat | None, Parameter(help="Log for people or for machines.")] = None
    log_level: Annotated[LogLevel | None, Parameter(help="The least important lines to write.")] = None


def serve(
    flags: Flags = Flags(),
    *,
    config_file: Annotated[Path | None, Parameter(name="--config", help="Settings file.")] = None,
    app: Annotated[str, Parameter(show=False)] = "clarion.app",
) -> int:
    """Start the server and keep it running until Ctrl-C or SIGTERM."""
    settings = config.load(dataclasses.asdict(flags), config=config_file).settings
    log.configure(format=settings.log_format, level=settings.log_level, process="serve")
    try:
        supervisor.run(settings, announce, app=app)
    except ClarionError:
        raise
    except Exception:
        _log.exception("this is a bug in Clarion; please report it", action="serve_crashed")
        return 1
    return 0


def announce(settings: Settings, prepared: Prepared) -> None:
    """Say on stdout that we are ready, and what to do first."""
    if settings.role != "worker":
        folder.note_url(settings.data, settings.base_url)
    sys.stdout.write(banner(settings, prepared))
    sys.stdout.flush()


def banner(settings: Settings, prepared: Prepared) -> str:
    """What a person sees who has just started the server."""
    if settings.role == "worker":
        return f"Clarion {__version__} works ({settings.workers} workers). Stop it with Ctrl-C.\n"
    lines = [f"Clarion {__version__} is ready at {settings.base_url}", ""]
    if prepared.acting_paused:
        lines += [
            f"ACTING IS PAUSED, nothing is sent: {prepared.acting_paused}.",
            "Events are accepted and processed. Look, then: clarion acting resume",
            "",
        ]
    # A log for machines is kept and shown to many, and the examples hold keys.
    for example in prepared.examples if settings.log_format == "text" else ():
        lines += [f"Try it ({example.dialect}):", "", f"  {example.curl}", ""]
    if prepared.examples:
        lines += [f"Keys:  {command}" for command in dict.fromkeys(one.key for one in prepared.examples)]
    lines += [
        f"Docs:  {settings.base_url}/docs/",
        f"Data:  {'the database of database_url' if settings.database_url else settings.data}",
        "Stop:  Ctrl-C",
        "",
    ]
    return "\n".join(lines)
