"""Java's SimpleDateFormat: dates to text and back, in English."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import re2

from clarion.velocity.errors import Trouble
from clarion.velocity.patterns import compiled

PATTERN_CHARS_MAX = 100
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_PIECES = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def _number(get: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda when, width: f"{get(when):0{width}d}"


def _year(when: datetime, width: int) -> str:
    return f"{when.year % 100:02d}" if width == 2 else f"{when.year:0{width}d}"


def _month(when: datetime, width: int) -> str:
    name = _MONTHS[when.month - 1]
    return name if width > 3 else name[:3] if width == 3 else f"{when.month:0{width}d}"


def _day_name(when: datetime, width: int) -> str:
    name = _DAYS[when.weekday()]
    return name if width > 3 else name[:3]


def _offset(when: datetime, *, colon: bool) -> str:
    minutes = int((when.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{':' if colon else ''}{rest:02d}"


def _iso_offset(when: datetime, width: int) -> str:
    if not when.utcoffset():
        return "Z"
    return _offset(when, colon=width == 3)[: 3 if width == 1 else None]


#: Letter -> how it is shown.
_SHOWN: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "u": lambda when, width: f"{when.isoweekday():0{width}d}",
    "M": _month,
    "L": _month,
    "d": _number(lambda when: when.day),
    "D": _number(lambda when: when.timetuple().tm_yday),
    "E": _day_name,
    "H": _number(lambda when: when.hour),
    "k": _number(lambda when: when.hour or 24),
    "K": _number(lambda when: when.hour % 12),
    "h": _number(lambda when: when.hour % 12 or 12),
    "m": _number(lambda when: when.minute),
    "s": _number(lambda when: when.second),
    "S": _number(lambda when: when.microsecond // 1000),
    "a": lambda when, width: "AM" if when.hour < 12 else "PM",
    "z": lambda when, width: when.tzname() or "",
    "Z": lambda when, width: _offset(when, colon=False),
    "X": _iso_offset,
}
#: Letter -> what it reads, by strptime's names, and how that looks.
_READ = {
    "y": ("year", r"\d{1,4}"),
    "M": ("month", r"\d{1,2}|[A-Za-z]+"),
    "d": ("day", r"\d{1,2}"),
    "H": ("hour", r"\d{1,2}"),
    "h": ("half_hour", r"\d{1,2}"),
    "m": ("minute", r"\d{1,2}"),
    "s": ("second", r"\d{1,2}"),
    "S": ("milli", r"\d{1,3}"),
    "a": ("half", r"[AaPp][Mm]"),
    "E": ("weekday", r"[A-Za-z]+"),
    "X": ("zone", r"Z|[+-]\d{2}(?::?\d{2})?"),
    "Z": ("zone", r"Z|[+-]\d{2}(?::?\d{2})?"),
}


def _pieces(pattern: Any) -> list[tuple[str, str]]:
    """(letter, run) or ("", text) for each piece of a pattern."""
    if type(pattern) is not str or len(pattern) > PATTERN_CHARS_MAX:
        raise Trouble("not a pattern for dates")
    pieces, end = [], 0
    for found in _PIECES.finditer(pattern):
        if found.start() != end:
            raise Trouble(f"{pattern!r} is not a pattern for dates: a quote is never closed")
        end = found.end()
        if found[2]:
            pieces.append((found[2], found[0]))
        elif found[1] is not None:
            pieces.append(("", found[1].replace("''", "'") or "'"))
        else:
            pieces.append(("", found[0]))
    if end != len(pattern):
        raise Trouble(f"{pattern!r} is not a pattern for dates: a quote is never closed")
    return pieces


def show(pattern: Any, when: datetime) -> str:
    """The date by SimpleDateFormat's pattern."""
    parts = []
    for letter, run in _pieces(pattern):
        if not letter:
            parts.append(run)
        elif letter in _SHOWN:
            parts.append(_SHOWN[letter](when, len(run)))
        else:
            raise Trouble(f"{pattern!r} is not a pattern for dates: nothing is known of {letter!r}")
    return "".join(parts)


def read(pattern: Any, shown: Any, zone: tzinfo) -> datetime:
    """The date that stands in a string, by the same pattern."""
    if not isinstance(shown, str) or len(shown) > PATTERN_CHARS_MAX:
        raise Trouble("not a date")
    expression, names = "", []
    for letter, run in _pieces(pattern):
        if letter and letter not in _READ:
            raise Trouble(f"{pattern!r} cannot be used to read a date: {letter!r} is not read")
        names += [_READ[letter][0]] if letter else []
        expression += f"({_READ[letter][1]})" if letter else re2.escape(run)
    found = compiled(expression).match(shown)
    if not found:
        raise Trouble(f"{shown!r} is not a date of the pattern {pattern!r}")
    try:
        return _date(dict(zip(names, found.groups(), strict=True)), zone)
    except (ValueError, OverflowError) as exc:
        raise Trouble(f"{shown!r} is not a date") from exc


def _date(found: dict[str, str], zone: tzinfo) -> datetime:
    month = found.get("month", "1")
    if not month.isdigit():
        month = str(1 + [name[:3].lower() for name in _MONTHS].index(month[:3].lower()))
    year = int(found.get("year", "1970"))
    hour = int(found.get("hour", "0"))
    if "half_hour" in found:
        hour = int(found["half_hour"]) % 12 + (12 if found.get("half", "AM").upper() == "PM" else 0)
    if "zone" in found:
        zone = datetime.strptime(found["zone"].replace("Z", "+00:00").ljust(5, "0"), "%z").tzinfo or UTC
    return datetime(
        year + 2000 if len(found.get("year", "1970")) <= 2 else year,
        int(month),
        int(found.get("day", "1")),
        hour,
        int(found.get("minute", "0")),
        int(found.get("second", "0")),
        int(found.get("milli", "0")) * 1000,
        tzinfo=zone,
    )
