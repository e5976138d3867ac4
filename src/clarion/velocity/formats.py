"""Numbers as text: Java's String.format and DecimalFormat, in English."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from clarion.velocity.errors import Trouble
from clarion.velocity.values import double_text, inner, truth

WIDTH_MAX = 1000
FORMATTED_CHARS_MAX = 200_000
DIGITS_MAX = 340
_WIDE = Context(prec=2000)
_DIRECTIVE = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")


def java_format(pattern: str, values: Sequence[Any]) -> str:
    """String.format: %s %S %d %f %e %x %X %o %c %b %n %%, with flags, width, precision and n$."""
    parts: list[str] = []
    end = following = size = 0
    for found in _DIRECTIVE.finditer(pattern):
        parts.append(_text_between(pattern, end, found.start()))
        end = found.end()
        position, flags, width, precision, letter = found.groups()
        width, precision = _bounded(width), _bounded(precision)
        if letter == "n":
            parts.append("\n")
        elif letter == "%":
            parts.append(_padded("%", flags, width))
        else:
            index = int(position) - 1 if position else following
            following += 0 if position else 1
            if not 0 <= index < len(values):
                raise Trouble(f"Format specifier '{found[0]}': there is no such value")
            shown = _one(found[0], letter, flags, precision, width, values[index])
            parts.append(_padded(shown, flags, width))
            size += len(parts[-1])
            if size > FORMATTED_CHARS_MAX:
                raise Trouble(f"format makes more than {FORMATTED_CHARS_MAX:,} characters")
    parts.append(_text_between(pattern, end, len(pattern)))
    return "".join(parts)


def _text_between(pattern: str, start: int, end: int) -> str:
    if "%" in pattern[start:end]:
        raise Trouble(f"{pattern!r} is not a format")
    return pattern[start:end]


def _bounded(number: str | None) -> Any:
    if number is None:
        return None
    if len(number) > 4 or int(number) > WIDTH_MAX:
        raise Trouble(f"a width or precision of more than {WIDTH_MAX:,}")
    return int(number)


def _padded(text: str, flags: str, width: int | None) -> str:
    if width is None:
        return text
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _one(directive: str, letter: str, flags: str, precision: Any, width: Any, value: Any) -> str:
    kind = letter.lower()
    if kind == "s":
        shown = inner(value)[:precision]
    elif kind == "b":
        shown = inner(truth(value) if type(value) is bool else value is not None)
    elif value is None:
        shown = "null"
    elif kind == "c" and isinstance(value, str) and len(value) == 1:
        shown = str(value)
    elif kind == "d" and type(value) is int:
        shown = _signed(f"{abs(value):{',' if ',' in flags else ''}d}", value < 0, flags, width)
    elif kind in {"x", "o"} and type(value) is int:
        bits = 32 if -(2**31) <= value < 2**31 else 64
        shown = format(value % 2**bits if value < 0 else value, kind)
        shown = shown.rjust(width, "0") if "0" in flags and width else shown
    elif kind in {"f", "e"} and isinstance(value, float | Decimal):
        shown = _fraction(value, kind, flags, 6 if precision is None else precision, width)
    else:
        raise Trouble(f"{directive} cannot show {inner(value)[:50]!r}")
    return shown.upper() if letter.isupper() else shown


def _fraction(value: float | Decimal, kind: str, flags: str, precision: int, width: int | None) -> str:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        return double_text(float(value))
    negative = exact.is_signed()
    exact = abs(exact)
    if kind == "e":
        digits = _WIDE.create_decimal(exact)
        shown = f"{Context(prec=precision + 1, rounding=ROUND_HALF_UP).plus(digits):.{precision}e}"
        mantissa, _, exponent = shown.partition("e")
        shown = f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
    else:
        rounded = exact.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP, _WIDE)
        shown = f"{rounded:{',' if ',' in flags else ''}f}"
    return _signed(shown, negative, flags, width)


def _signed(digits: str, negative: bool, flags: str, width: int | None) -> str:
    sign = "-" if negative else "+" if "+" in flags else " " if " " in flags else ""
    if negative and "(" in flags:
        return f"({digits})"
    return sign + (digits.rjust(width - len(sign), "0") if "0" in flags and width else digits)


_PATTERN = re.compile(r"((?:[^#0,.;'%]|'[^']*')*)([#0,]*)(?:\.([0#]*))?([^;]*)", re.ASCII)


def decimal_format(pattern: str, value: Any) -> str:
    """DecimalFormat: `#,##0.00`, `0.##`, `#%`, text around it, and after `;` the form of negative numbers."""
    if len(pattern) > 100:
        raise Trouble("a number's pattern is longer than 100 characters")
    plus, _, minus = pattern.partition(";")
    found = _PATTERN.fullmatch(plus)
    if not found or not (found[2] or found[3]):
        raise Trouble(f"{pattern!r} is not a pattern for numbers")
    prefix, whole, fraction, suffix = found[1], found[2], found[3] or "", found[4]
    if "." in plus and "0" not in whole + fraction:  # as Java: one digit is always there, #.## is 0.##
        whole, fraction = (whole[:-1] + "0", fraction) if whole else ("", "0" + fraction[1:])
    if "%" in prefix + suffix:
        value *= 100
    exact = Decimal(value)  # what the double is, not what it prints: 12.345 is a little more
    if not exact.is_finite():
        return "NaN" if exact.is_nan() else ("-" if exact < 0 else "") + "∞"
    digits = _digits(abs(exact), whole, fraction)
    negative = exact.is_signed()  # Java says -0 for what rounds to nothing from below
    if negative and minus:
        outer = _PATTERN.fullmatch(minus)
        prefix, suffix = (outer[1], outer[4]) if outer else (prefix, suffix)
        return _unquoted(prefix) + digits + _unquoted(suffix)
    return ("-" if negative else "") + _unquoted(prefix) + digits + _unquoted(suffix)


def _digits(exact: Decimal, whole: str, fraction: str) -> str:
    least_whole = whole.replace(",", "").count("0")
    least_fraction, most_fraction = fraction.count("0"), len(fraction)
    if exact.adjusted() > DIGITS_MAX:
        raise Trouble(f"a number of more than {DIGITS_MAX} digits")
    rounded = exact.quantize(Decimal(1).scaleb(-most_fraction), ROUND_HALF_EVEN, _WIDE)
    front, _, back = f"{rounded:f}".partition(".")
    front = front.lstrip("0").rjust(least_whole, "0")
    while len(back) > least_fraction and back.endswith("0"):
        back = back[:-1]
    if not front and not back:
        front = "0"
    size = len(whole) - whole.rindex(",") - 1 if "," in whole else 0
    if size > 0:
        head = len(front) % size or size
        front = ",".join([front[:head], *(front[at : at + size] for at in range(head, len(front), size))])
    return front + ("." + back if back else "")


def _unquoted(text: str) -> str:
    return re.sub(r"'([^']*)'", lambda hit: hit[1] or "'", text)
