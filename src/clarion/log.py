"""Logging: one sentence per fact, with a fixed `action` that machines can count.

    log = clarion.log.get(__name__)
    log.info("a child ended; starting it again", action="child_ended", child="worker-1", code=-9)

Everything goes to stderr through one formatter: our own lines, granian's, asyncio's and any library's. No
line carries a secret or a person: keys that name one are masked, and so is whatever looks like an e-mail
address, also in a traceback. That is the second line of defence; the first is not to log them.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

MASK = "***"

#: A key is masked when its words (api_key, apiKey, API-Key: api, key) contain one of these; counts (keys=3)
#: are not.
_SECRET = (
    "address", "api key", "authorization", "body", "cookie", "credential", "database url", "device", "dsn",
    "email", "first name", "ip", "key", "last name", "mail", "password", "phone", "secret", "signature",
    "token", "url",
)  # fmt: skip
_SECRET_WORDS = re.compile("|".join(rf"\b{words}s?\b" for words in _SECRET))
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_URL_PASSWORD = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)} | {
    10: "\\n",
    9: "\\t",
}
_NESTING_MAX = 4


def configure(
    *, format: str = "text", level: str = "info", process: str = "", stream: TextIO | None = None
) -> None:
    """Send every log line of this process to `stream` (stderr), for people (`text`) or for machines (`json`).

    `process` names the writer in each line (`http`, `worker-1`). May be called again: the last call holds.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Named(process),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _foreign],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask,
                *_renderers(format, colors=stream.isatty()),
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # Libraries speak of each connection and request at the level where we speak of facts.
    for chatty in ("asyncio", "_granian", "granian.access"):
        logging.getLogger(chatty).setLevel(max(root.level, logging.WARNING))


def get(name: str) -> FilteringBoundLogger:
    """A logger; ask for it at the top of a module, `configure` may come later."""
    return cast(FilteringBoundLogger, structlog.stdlib.get_logger(name))


class _Named:
    """Adds which of our processes writes."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if self._process:
            event["process"] = self._process
        return event


def _foreign(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A library's line: its action is the library."""
    record: logging.LogRecord = event["_record"]
    event["action"] = f"library_{record.name.split('.')[0].strip('_')}"
    return event


def mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace what must not be written, and control characters: a value cannot begin a line of its own."""
    return {key: _masked(str(key), value, 0) for key, value in event.items()}


def _masked(key: str, value: Any, depth: int) -> Any:
    harmless = value is None or isinstance(value, bool) or (isinstance(value, int) and key.endswith("s"))
    if not harmless and _SECRET_WORDS.search(_WORD_START.sub(" ", key).lower()):
        return MASK
    if harmless or isinstance(value, (int, float)):
        return value
    if depth == _NESTING_MAX:
        return "…"
    if isinstance(value, Mapping):
        return {str(inner): _masked(str(inner), item, depth + 1) for inner, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked("", item, depth + 1) for item in value]
    text = _URL_PASSWORD.sub(MASK, _EMAIL.sub(MASK, str(value)))
    # A traceback keeps its lines; the text format indents nothing else.
    return text if key == "exception" else text.translate(_CONTROL)


def _renderers(format: str, *, colors: bool) -> list[Processor]:
    if format == "json":
        return [
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
        )
    ]
