"""The vendor's types under the vendor's names, and the only place where its JSON is read and written. Pure."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from clarion import errors
from clarion.dialects import _typed

EVENTS_MAX = 200  # of a report
METRICS_MAX = 50  # of a store, and so of a call

T = TypeVar("T")


class Refused(errors.Declined):
    """What ends a request; the text is for people, the code for programs. `items`: how many it refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.items = 1


class Malformed(Refused):
    """What was sent breaks a rule."""

    def __init__(self, message: str, code: str = "INVALID_PARAMETER") -> None:
        super().__init__(code, message)


class Duplicate(Refused):
    """An EventCode that there is already."""


class Denied(Refused):
    """The store or the key may not."""


class EventAttribute(Struct, frozen=True):
    """An attribute of a metric; the vendor's console says `attrCode` and `attrName`, its page nothing."""

    code: str | UnsetType = UNSET
    name: str | None = None
    type: str | None = None
    attrCode: str | UnsetType = UNSET  # noqa: N815  the vendor's name
    attrName: str | None = None  # noqa: N815  the vendor's name
    attrType: str | None = None  # noqa: N815  the vendor's name


class CustomMetric(Struct, frozen=True):
    """An event type. The vendor's page writes EventCode, its console eventCode."""

    eventCode: str | UnsetType = UNSET  # noqa: N815  the vendor's name
    EventCode: str | UnsetType = UNSET
    eventName: str | None = None  # noqa: N815  the vendor's name
    attributes: list[EventAttribute] | None = None
    eventAttrs: list[EventAttribute] | None = None  # noqa: N815  the vendor's name


class CustomMetrics(Struct, frozen=True):
    """Many at once."""

    metrics: Annotated[list[CustomMetric], Meta(min_length=1, max_length=METRICS_MAX)]


class CustomEvent(Struct, frozen=True, gc=False):
    """An occurrence. A name that it does not know is ignored."""

    eventCode: str | UnsetType = UNSET  # noqa: N815  the vendor's name
    EventCode: str | UnsetType = UNSET
    email: str | None = None
    phone: str | int | None = None
    eventTime: str | int | float | None = None  # noqa: N815  as the vendor would
    eventId: str | int | None = None  # noqa: N815  as the vendor would
    attributes: dict[str, Any] | None = None
    eventAttrs: dict[str, Any] | None = None  # noqa: N815  the vendor's name


class _Many(Struct, frozen=True):
    events: Annotated[list[Raw], Meta(min_length=1, max_length=EVENTS_MAX)] | UnsetType = UNSET


class _Plains(Struct, frozen=True):
    events: Annotated[list[CustomEvent], Meta(min_length=1, max_length=EVENTS_MAX)] | UnsetType = UNSET


class MadeContact(Struct, frozen=True):
    contactId: str  # noqa: N815  as the vendor would


class MadeMetric(Struct, frozen=True):
    eventCode: str  # noqa: N815  the vendor's name
    status: str


class Reported(Struct, frozen=True):
    accepted: int
    duplicates: int


class ContactAnswer(Struct, frozen=True):
    """`data` as the call says."""

    code: str
    message: str
    data: MadeContact


class MetricAnswer(Struct, frozen=True):
    """`data` as the call says."""

    code: str
    message: str
    data: MadeMetric


class MetricsAnswer(Struct, frozen=True):
    """`data` as the call says."""

    code: str
    message: str
    data: Sequence[MadeMetric]


class ReportAnswer(Struct, frozen=True):
    """`data` as the call says."""

    code: str
    message: str
    data: Reported


class Failure(Struct, frozen=True):
    """The answer to a request that failed: `code` for programs, `message` for people."""

    code: str
    message: str
    data: None = None


encode = msgspec.json.Encoder().encode
_plains = msgspec.json.Decoder(_Plains).decode


def read(body: bytes | Raw, kind: type[T]) -> T:
    """A body. Raises Malformed."""
    return _typed.read(body, kind, Malformed)


def read_contact(body: bytes) -> dict[str, Any]:
    """A contact's fields, whose names are the store's own. Raises Malformed."""
    fields: Any = dict[str, Any]
    found: dict[str, Any] = read(body, fields)
    return found


def read_metrics(body: bytes) -> list[CustomMetric]:
    """One metric, an array of them, or `{"metrics": […]}`. Raises Malformed."""
    start = body.lstrip()[:1]
    if start == b"[":
        many: Any = Annotated[list[CustomMetric], Meta(min_length=1, max_length=METRICS_MAX)]
        found: list[CustomMetric] = read(body, many)
        return found
    shape: Any = dict[str, Raw]
    return read(body, CustomMetrics).metrics if "metrics" in read(body, shape) else [read(body, CustomMetric)]


def read_events(body: bytes) -> list[bytes]:
    """One event, or those of `{"events": […]}`, each still to be read. Raises Malformed."""
    events = read(body, _Many).events
    return [body] if events is UNSET else [bytes(event) for event in events]


def read_plain_events(body: bytes) -> list[CustomEvent] | None:
    """Those of `{"events": […]}`, read at once; None where one of them needs a closer look."""
    try:
        events = _plains(body).events
    except (ValueError, RecursionError):
        return None
    return None if events is UNSET else events
