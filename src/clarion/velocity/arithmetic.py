"""Arithmetic and comparison by Java's rules (user guide: "Math", "Comparison").

Integers stay integers and grow (int, long, big); with a double the result is a double; a string with a number in it
is a big decimal. What is no number makes the result null.
"""

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, Overflow
from typing import Any

from clarion.velocity.errors import Trouble
from clarion.velocity.values import Char, Safe, double_text, inner, same, text

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
#: Nobody's prices need more; without a bound, squaring in a loop fills the memory.
DIGITS_MAX = 400
_BITS_MAX = 1400
_EXACT = Context(prec=2 * DIGITS_MAX, traps=[InvalidOperation, Overflow])


def number(value: Any) -> Any:
    """The number that a value is, or holds as text; None where it is none."""
    kind = type(value)
    if kind is int or kind is float or kind is Decimal:
        return value
    is_text = kind is str or kind is Char or kind is Safe
    return Decimal(value) if is_text and len(value) <= DIGITS_MAX and _NUMBER.fullmatch(value) else None


def big(value: Any) -> Decimal:
    """As BigDecimal.valueOf(double): 2 is 2.0 there."""
    if type(value) is Decimal:
        return value
    if type(value) is int and not _fits_long(value):
        return Decimal(value)
    if type(value) is float and not math.isfinite(value):
        raise Trouble("infinite, or not a number")
    return Decimal(double_text(float(value)))


def _fits_long(value: int) -> bool:
    return -(2**63) <= value < 2**63


def _base(left: Any, right: Any) -> type:
    """In what a pair is reckoned: int, float or Decimal."""
    kinds = {type(left), type(right)}
    if Decimal in kinds:
        return Decimal
    if kinds == {int}:
        return int
    wide = any(type(value) is int and not _fits_long(value) for value in (left, right))
    return Decimal if wide else float


def _kept(value: Any) -> Any:
    """A result, unless it grew beyond all use."""
    if type(value) is int and value.bit_length() > _BITS_MAX:
        raise Trouble(f"a number of more than {DIGITS_MAX} digits")
    if type(value) is Decimal and (len(value.as_tuple().digits) > DIGITS_MAX or abs(value.adjusted()) > 999):
        raise Trouble(f"a number of more than {DIGITS_MAX} digits")
    return value


def calculate(operator: str, left: Any, right: Any) -> Any:
    """`left operator right` for - * / %, and + of numbers; None where a side is no number."""
    left, right = number(left), number(right)
    if left is None or right is None:
        return None
    base = _base(left, right)
    if operator in "/%" and right == 0:
        return None
    try:
        if base is Decimal:
            return _kept(_DECIMAL[operator](big(left), big(right)))
        return _kept(_PRIMITIVE[operator](left, right))
    except (InvalidOperation, Overflow, OverflowError) as exc:
        raise Trouble(f"a number of more than {DIGITS_MAX} digits") from exc


def _divide(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        if _fits_long(left) and _fits_long(right):
            return left - right * _divide(left, right)
        if right < 0:
            raise Trouble("BigInteger: modulus not positive")
        return left % right
    return math.fmod(left, right)


def _divide_decimals(left: Decimal, right: Decimal) -> Decimal:
    """With the dividend's scale, a half rounded down: BigDecimal.divide(…, ROUND_HALF_DOWN)."""
    (_, digits, exponent), (_, divisor_digits, divisor_exponent) = left.as_tuple(), right.as_tuple()
    assert isinstance(exponent, int)
    assert isinstance(divisor_exponent, int)
    top, bottom = int("".join(map(str, digits))), int("".join(map(str, divisor_digits)))
    if divisor_exponent < 0:
        top *= 10**-divisor_exponent
    else:
        bottom *= 10**divisor_exponent
    units, rest = divmod(top, bottom)
    if rest * 2 > bottom:
        units += 1
    sign = 1 if (left < 0) != (right < 0) and units else 0
    return Decimal((sign, tuple(map(int, str(units))), exponent))


def _remainder_of_decimals(left: Decimal, right: Decimal) -> Decimal:
    raise Trouble("Cannot calculate the modulo of BigDecimals.")


_PRIMITIVE: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": _remainder,
}
_DECIMAL: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": _EXACT.add,
    "-": _EXACT.subtract,
    "*": _EXACT.multiply,
    "/": _divide_decimals,
    "%": _remainder_of_decimals,
}


def add(left: Any, right: Any, texts: tuple[str, str]) -> Any:
    """`+`: joins where a side is a string, and prints the source of a side that is null."""
    if type(left) is int and type(right) is int:
        return _kept(left + right)
    if _is_string(left) or _is_string(right):
        first = texts[0] if left is None else inner(left)
        return first + (texts[1] if right is None else inner(right))
    return calculate("+", left, right)


def _is_string(value: Any) -> bool:
    kind = type(value)
    return kind is str or kind is Safe


def negative(value: Any) -> Any:
    """`-x`; None for what is no number."""
    found = number(value)
    return None if found is None else _EXACT.minus(found) if type(found) is Decimal else -found


def _order(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 where one side is a number and the other can be read as one."""
    if not (type(left) in _NUMBERS or type(right) in _NUMBERS):
        return None
    left, right = number(left), number(right)
    if left is None or right is None:
        return None
    if _base(left, right) is Decimal:
        left, right = big(left), big(right)
    elif type(left) is not type(right):
        left, right = float(left), float(right)
    return int(left > right) - int(left < right)


_NUMBERS = {int, float, Decimal}


def equal(left: Any, right: Any) -> bool:
    """`==`: by number where one side is one, by equals within a type, else by what they print."""
    if type(left) is str and type(right) is str:
        return bool(left == right)
    if left is None or right is None:
        return left is right
    order = _order(left, right)
    if order is not None:
        return order == 0
    if type(left) is type(right) or (isinstance(left, list | range) and isinstance(right, list | range)):
        return same(left, right)
    return text(left) == text(right)


def compare(operator: str, left: Any, right: Any) -> bool:
    """`< <= > >=`: false unless both are numbers, or one is and the other can be read as one."""
    order = None if left is None or right is None else _order(left, right)
    if order is None:
        return False
    if order == 0:
        return operator in {"<=", ">="}
    return operator in ({"<", "<="} if order < 0 else {">", ">="})
