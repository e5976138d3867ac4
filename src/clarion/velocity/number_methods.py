"""What a template may ask of numbers and truth values."""

from decimal import Decimal
from typing import Any

from clarion.velocity.conversions import Method, anything, taking
from clarion.velocity.errors import Trouble
from clarion.velocity.values import double_text, inner, same


def wrapped(value: Any, bits: int) -> int:
    """Java's intValue and longValue: what of a number fits; a double is cut off at the bounds."""
    if type(value) is float:
        if value != value:
            return 0
        return int(max(-(2.0 ** (bits - 1)), min(2.0 ** (bits - 1) - 1, value)))
    half: int = 2 ** (bits - 1)
    return (int(value) + half) % (2 * half) - half


def compare(value: Any, other: Any) -> int:
    """compareTo: of values of one type only; an int and a long are of two."""
    alike = type(other) is type(value) and (type(value) is not int or _is_int(value) == _is_int(other))
    if not alike:
        raise Trouble(f"compareTo: {inner(value)[:50]} and {inner(other)[:50]} are not of one type")
    return 1 if value > other else -1 if value < other else 0


def _is_int(value: int) -> bool:
    return -(2**31) <= value < 2**31


NUMBER: dict[tuple[str, int], Method] = {
    ("intValue", 0): taking()(lambda value: wrapped(value, 32)),
    ("longValue", 0): taking()(lambda value: wrapped(value, 64)),
    ("doubleValue", 0): taking()(float),
    ("compareTo", 1): taking(anything)(compare),
    ("equals", 1): taking(anything)(same),
    ("toString", 0): taking()(lambda value: double_text(value) if type(value) is float else str(value)),
}
BOOLEAN: dict[tuple[str, int], Method] = {
    ("booleanValue", 0): taking()(bool),
    ("compareTo", 1): taking(anything)(compare),
    ("equals", 1): taking(anything)(same),
    ("toString", 0): taking()(inner),
}
NUMBERS = (int, float, Decimal)
