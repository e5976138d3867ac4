"""The tools that a template finds under fixed names: $mathTool, $numberTool, $dateTool, $esc, $jsonTool.

mathTool, numberTool and esc answer as Velocity Tools 3.1 does; the dates are the vendor's (calendar.py).
"""

import html
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import quote_plus

from clarion.velocity.calendar import DATE_METHODS
from clarion.velocity.conversions import Method
from clarion.velocity.errors import Trouble
from clarion.velocity.formats import decimal_format
from clarion.velocity.number_methods import wrapped
from clarion.velocity.state import State
from clarion.velocity.values import Printable, Safe, text

_LEADING = re.compile(r"-?(?:\d[\d,]*)?(?:\.\d+)?(?:E-?\d{1,3})?")
_DIGITS_MAX = 400


class Tool(Printable):
    """A tool has methods, no state, and no text."""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = {}


def number(value: Any) -> Any:
    """The number that a value is, or that a string begins with; None where it is none."""
    kind = type(value)
    if kind is int or kind is float:
        return value
    if kind is Decimal:
        return float(value)
    if not isinstance(value, str) or len(value) > _DIGITS_MAX:
        return None
    found = _LEADING.match(value.strip())
    if not found or not any(char.isdigit() for char in found[0]):
        return None
    digits = found[0].replace(",", "")
    if re.fullmatch(r"-?\d+", digits):
        return int(digits)
    read = float(digits)
    return int(read) if read.is_integer() and abs(read) < 2**63 else read


def _matched(result: float, *operands: Any) -> Any:
    """The result in the operands' kind: whole numbers stay whole as long as the result is."""
    if any(type(operand) is float for operand in operands) or not math.isfinite(result):
        return result
    if not float(result).is_integer():
        return result
    return max(-(2**63), min(2**63 - 1, int(result)))


def _folded(function: Callable[[float, float], float | None]) -> Method:
    """An operation of two numbers or more; None where one is no number."""

    def run(state: State, tool: Any, *values: Any) -> Any:
        numbers = [number(value) for value in values]
        if not numbers or any(value is None for value in numbers):
            return None
        result = numbers[0]
        try:
            for following in numbers[1:]:
                outcome = function(float(result), float(following))
                if outcome is None:
                    return None
                result = _matched(outcome, result, following)
        except OverflowError as exc:
            raise Trouble("a number is too large") from exc
        return result

    return run


def _whole(function: Callable[[Any], int]) -> Method:
    def run(state: State, tool: Any, value: Any) -> Any:
        found = number(value)
        if found is None or not math.isfinite(found):
            return None
        return max(-(2**31), min(2**31 - 1, function(found)))

    return run


def _remainder(state: State, tool: Any, left: Any, right: Any) -> Any:
    left, right = number(left), number(right)
    if left is None or right is None or not math.isfinite(left) or not math.isfinite(right):
        return None
    left, right = (wrapped(int(value), 32) for value in (left, right))
    return int(math.fmod(left, right)) if right else None


def _power(left: float, right: float) -> float | None:
    result = math.pow(left, right) if left or right >= 0 else math.inf
    return None if isinstance(result, complex) else result


def _absolute(state: State, tool: Any, value: Any) -> Any:
    found = number(value)
    return None if found is None else abs(found)


def _round_to(state: State, tool: Any, places: Any, value: Any) -> Any:
    places, found = number(places), number(value)
    if places is None or found is None or not 0 <= places <= 15:
        return None
    scale = 10.0 ** int(places)
    return math.floor(found * scale + 0.5) / scale


class MATHS(Tool):
    """`$mathTool`"""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = {
        ("add", -1): _folded(lambda a, b: a + b),
        ("sub", -1): _folded(lambda a, b: a - b),
        ("mul", -1): _folded(lambda a, b: a * b),
        ("div", -1): _folded(lambda a, b: a / b if b else None),
        ("min", -1): _folded(min),
        ("max", -1): _folded(max),
        ("pow", 2): _folded(_power),
        ("mod", 2): _remainder,
        ("abs", 1): _absolute,
        ("round", 1): _whole(round),
        ("floor", 1): _whole(math.floor),
        ("ceil", 1): _whole(math.ceil),
        ("roundTo", 2): _round_to,
    }


_STYLES = {
    "default": "#,##0.###",
    "number": "#,##0.###",
    "integer": "#,##0",
    "percent": "#,##0%",
    "currency": "$#,##0.00",
}


def _formatted(style: str) -> Method:
    def run(state: State, tool: Any, value: Any) -> Any:
        found = number(value)
        return None if found is None else decimal_format(_STYLES[style], found)

    return run


def _by_pattern(state: State, tool: Any, pattern: Any, value: Any) -> Any:
    found = number(value)
    if found is None or type(pattern) is not str or not pattern:
        return None
    return decimal_format(_STYLES.get(pattern.lower(), pattern), found)


class NUMERALS(Tool):
    """`$numberTool`"""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = {
        ("format", 1): _formatted("default"),
        ("format", 2): _by_pattern,
        ("number", 1): _formatted("number"),
        ("integer", 1): _formatted("integer"),
        ("currency", 1): _formatted("currency"),
        ("percent", 1): _formatted("percent"),
    }


class DATES(Tool):
    """`$dateTool`"""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = DATE_METHODS


def _escaping(function: Callable[[str], str]) -> Method:
    """What is escaped here is not escaped again when it is printed."""

    def run(state: State, tool: Any, value: Any) -> Any:
        shown = None if value is None else text(value)
        if shown is None:
            return None
        state.spend(6 * len(shown))
        return Safe(function(shown))

    return run


_IN_SCRIPTS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "/": "\\/",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
}


def _in_script(value: str) -> str:
    return "".join(
        _IN_SCRIPTS.get(char) or (char if " " <= char <= "~" else _unicode(char)) for char in value
    )


def _unicode(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))


class ESCAPES(Tool):
    """`$esc`: for HTML, a URL's parts, a string in a script; `none` for what is HTML already."""

    __slots__ = ()
    methods: ClassVar[dict[tuple[str, int], Method]] = {
        ("html", 1): _escaping(html.escape),
        ("url", 1): _escaping(
            lambda value: quote_plus(value, safe="*-._", errors="replace").replace("~", "%7E")
        ),
        ("javascript", 1): _escaping(_in_script),
        ("none", 1): _escaping(str),
    }
