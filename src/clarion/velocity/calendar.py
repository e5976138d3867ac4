"""Dates by the vendor's `$dateTool`, with SimpleDateFormat's patterns.

Dates are strings throughout: what comes out of one call goes into the next. Without a pattern they are yyyy-MM-dd.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from clarion.velocity.conversions import UNFIT, Method, whole
from clarion.velocity.date_patterns import read, show
from clarion.velocity.errors import Trouble
from clarion.velocity.state import State

DEFAULT_PATTERN = "yyyy-MM-dd"


def _zone(name: Any) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, TypeError, OSError) as exc:
        raise Trouble("not the name of a time zone, as Europe/Kyiv") from exc


def _current(state: State, tool: Any, pattern: Any = DEFAULT_PATTERN, zone: Any = None) -> str:
    when = state.present()
    return show(pattern, when.astimezone(_zone(zone)) if zone is not None else when)


def _timestamp(state: State, tool: Any) -> int:
    return int(state.present().timestamp() * 1000)


def _since_epoch(milliseconds: Any, zone: tzinfo) -> datetime:
    count = whole(milliseconds)
    if count is UNFIT:
        raise Trouble("not a time in milliseconds since 1970")
    try:
        return datetime.fromtimestamp(0, UTC).astimezone(zone) + timedelta(milliseconds=count)
    except (OverflowError, ValueError) as exc:
        raise Trouble("a time beyond the calendar") from exc


def _format(state: State, tool: Any, pattern: Any, milliseconds: Any) -> str:
    return show(pattern, _since_epoch(milliseconds, UTC).astimezone(state.zone))


def _in_contact_zone(state: State, tool: Any, pattern: Any, when: Any) -> str:
    """A time in seconds since 1970, or with an offset (ISO 8601), as the contact's clock shows it.

    The vendor says "s"; a number that would be beyond the year 5000 is taken for milliseconds.
    """
    if isinstance(when, str) and not when.lstrip("-").isdecimal():
        try:
            moment = datetime.fromisoformat(when[:64])
        except ValueError as exc:
            raise Trouble(f"{when[:50]!r} is not a time, as 2026-11-21T15:00:00+02:00") from exc
        return show(pattern, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(state.zone))
    count = int(when) if isinstance(when, str) and len(when) < 20 else whole(when)
    if count is UNFIT:
        raise Trouble("not a time in seconds since 1970")
    return _format(state, tool, pattern, count if abs(count) >= _MILLISECONDS_FROM else count * 1000)


_MILLISECONDS_FROM = 10**11


def _months_later(when: datetime, months: int) -> datetime:
    """The same day of another month, or its last."""
    count = when.year * 12 + when.month - 1 + months
    year, month = divmod(count, 12)
    first_after = datetime(year + (month == 11), (month + 1) % 12 + 1, 1, tzinfo=UTC)
    return when.replace(year=year, month=month + 1, day=min(when.day, (first_after - timedelta(1)).day))


def _adding(later: Callable[[datetime, int], datetime]) -> Method:
    def run(
        state: State, tool: Any, shown: Any, count: Any, pattern: Any = DEFAULT_PATTERN, out: Any = None
    ) -> Any:
        number = whole(count)
        if number is UNFIT:
            return None
        state.check()
        try:
            # Clock arithmetic: a day later is the same time of day, also where clocks change.
            when = later(read(pattern, shown, state.zone), number)
        except (ValueError, OverflowError) as exc:
            raise Trouble("a date beyond the calendar") from exc
        return show(pattern if out is None else out, when)

    return run


_ADDING = {
    "addYears": _adding(lambda when, years: _months_later(when, 12 * years)),
    "addMonths": _adding(_months_later),
    "addDays": _adding(lambda when, days: when + timedelta(days=days)),
    "addHours": _adding(lambda when, hours: when + timedelta(hours=hours)),
    "addMinutes": _adding(lambda when, minutes: when + timedelta(minutes=minutes)),
}
_UNITS = {"DAYS": 86400, "HOURS": 3600, "MINUTES": 60, "SECONDS": 1, "WEEKS": 604800}


def _difference(state: State, tool: Any, one: Any, other: Any, *rest: Any) -> int:
    """Whole units from the first to the second: diff(a, b[, pattern], UNIT)."""
    state.check()
    pattern, unit = rest if len(rest) == 2 else (DEFAULT_PATTERN, *rest)
    begin, end = (read(pattern, shown, UTC) for shown in (one, other))
    name = str(unit).upper()
    if name in {"MONTHS", "YEARS"}:
        return int(_months_between(begin, end) / (12 if name == "YEARS" else 1))
    if name not in _UNITS:
        raise Trouble(f"not a unit: {str(unit)[:50]!r}; known are {', '.join((*_UNITS, 'MONTHS', 'YEARS'))}")
    return int((end - begin).total_seconds() / _UNITS[name])


def _months_between(begin: datetime, end: datetime) -> int:
    if end < begin:
        return -_months_between(end, begin)
    months = (end.year - begin.year) * 12 + end.month - begin.month
    return months - (1 if end < _months_later(begin, months) else 0)


DATE_METHODS: dict[tuple[str, int], Method] = {
    ("currentDate", 0): _current,
    ("currentDate", 1): _current,
    ("currentDate", 2): _current,
    ("currentTimeStamp", 0): _timestamp,
    ("formatDate", 2): _format,
    ("formatInContactTimezone", 2): _in_contact_zone,
    **{(name, count): method for name, method in _ADDING.items() for count in (2, 3, 4)},
    ("diff", 3): _difference,
    ("diff", 4): _difference,
}
