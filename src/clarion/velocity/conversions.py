"""What a method's arguments may be, as Velocity converts them for Java: "2" for an int, 1 for a String."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeAlias

from clarion.velocity.errors import Trouble
from clarion.velocity.state import State
from clarion.velocity.values import Char, Safe, text

Method: TypeAlias = Callable[..., Any]
Convert: TypeAlias = Callable[[Any], Any]

_INTEGER = re.compile(r"[+-]?[0-9]+")

#: The argument does not fit: there is no such method, and the reference stays unresolved.
UNFIT: Final = object()


def whole(value: Any) -> Any:
    """For an int: a number's integer part, or that of a string with an integer."""
    kind = type(value)
    if kind is int:
        return value
    if kind is float or kind is Decimal:
        return int(value)
    if kind is str or kind is Safe:
        if len(value) > 10 or not _INTEGER.fullmatch(value):
            raise Trouble(f"{value[:50]!r} where an integer is needed")
        return int(value)
    return UNFIT


def string(value: Any) -> Any:
    """For a String: strings, and the texts of numbers and truth values; null is a mistake of the template's."""
    kind = type(value)
    if kind is str:
        return value
    if value is None:
        raise Trouble("null where a string is needed")
    return text(value) if kind in _AS_STRING else UNFIT


def string_or_null(value: Any) -> Any:
    return None if value is None else string(value)


def characters(value: Any) -> Any:
    """For a CharSequence: strings only."""
    if value is None:
        raise Trouble("null where a string is needed")
    return str(value) if type(value) is str or type(value) is Safe else UNFIT


def anything(value: Any) -> Any:
    return value


_AS_STRING = {int, float, bool, Decimal, Char, Safe}


def taking(*converts: Convert) -> Callable[[Method], Method]:
    """A method of the value and its converted arguments, which does not need the State."""

    def wrap(function: Method) -> Method:
        if len(converts) == 0:
            return lambda state, target: function(target)
        if len(converts) == 1:
            only = converts[0]

            def one(state: State, target: Any, argument: Any) -> Any:
                value = only(argument)
                return None if value is UNFIT else function(target, value)

            return one

        def many(state: State, target: Any, *arguments: Any) -> Any:
            values = [convert(argument) for convert, argument in zip(converts, arguments, strict=True)]
            if any(value is UNFIT for value in values):
                return None
            return function(target, *values)

        return many

    return wrap


def working(*converts: Convert) -> Callable[[Method], Method]:
    """The same for a method that reads or makes much: its text, and what comes of it, are counted."""

    def wrap(function: Method) -> Method:
        plain = taking(*converts)(function)

        def counted(state: State, target: Any, *arguments: Any) -> Any:
            state.spend(len(target))
            result = plain(state, target, *arguments)
            if isinstance(result, str | list):
                state.spend(len(result))
            return result

        return counted

    return wrap
