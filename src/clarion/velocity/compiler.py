"""From the syntax tree to Python functions: closures, so no code is ever made from a template's text.

Every node becomes a function of the State; a block is a tuple of them.
"""

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

from clarion.velocity import arithmetic
from clarion.velocity.references import Value, value_of
from clarion.velocity.state import State
from clarion.velocity.tree import (
    Expression,
    Interpolated,
    ListOf,
    Literal,
    MapOf,
    Negative,
    Node,
    Not,
    Operation,
    Range,
    Reference,
)
from clarion.velocity.values import Entry, View, inner, truth

#: Sums below it need no look at how many digits they have.
_SMALL = 2**64

Run: TypeAlias = Callable[[State], None]
Truth: TypeAlias = Callable[[State], bool]
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Compiler:
    """One template's functions; `node` says how to compile statements, and is set by whom compiles those."""

    def __init__(self, block: Callable[["Compiler", tuple[Node, ...]], Run], *, counts_loops: bool) -> None:
        self._block = block
        #: Whether loops keep $velocityCount and $velocityHasNext, the names of Velocity 1.7.
        self.counts_loops = counts_loops
        #: Name -> definition; the last one of a name holds, wherever it stands.
        self.macros: dict[str, Any] = {}

    def block(self, nodes: tuple[Node, ...]) -> Run:
        return self._block(self, nodes)

    def value(self, expression: Expression) -> Value:
        """The function that gives the expression's value."""
        match expression:
            case Literal(value=constant):
                return lambda state: constant
            case Reference():
                return value_of(expression, self.value)
            case Interpolated():
                return self._interpolated(expression)
            case ListOf():
                return self._list(expression)
            case MapOf():
                return self._map(expression)
            case Range():
                return self._range(expression)
            case Not() | Operation(operator="&&" | "||"):
                return self.truth(expression)
            case Negative(operand=operand, at=at):
                return _placed(self.value(operand), at, arithmetic.negative)
            case Operation():
                return self._operation(expression)

    def truth(self, expression: Expression) -> Truth:
        """The function that says whether #if takes the branch."""
        match expression:
            case Not(operand=operand):
                holds = self.truth(operand)
                return lambda state: not holds(state)
            case Operation(operator="&&", left=left, right=right):
                one, other = self.truth(left), self.truth(right)
                return lambda state: one(state) and other(state)
            case Operation(operator="||", left=left, right=right):
                first, second = self.truth(left), self.truth(right)
                return lambda state: first(state) or second(state)
            case Negative(operand=operand):
                return self.truth(operand)
            case ListOf(items=parts) | MapOf(pairs=parts):
                return lambda state: bool(parts)
            case Operation(operator="+" | "-" | "*" | "/" | "%") | Range():
                return lambda state: False  # Velocity weighs no sum and no range: they are false
            case Operation() | Literal(value=bool()):
                return self.value(expression)  # comparisons give nothing but truth values
            case _:
                return _weighed(self.value(expression))

    def _interpolated(self, string: Interpolated) -> Value:
        run = self.block(string.body)
        return lambda state: captured(state, run)

    def _list(self, list_of: ListOf) -> Value:
        items, at = [self.value(item) for item in list_of.items], list_of.at

        def make(state: State) -> list[Any]:
            state.at = at
            state.keep(len(items) + 1)
            return [item(state) for item in items]

        return make

    def _map(self, map_of: MapOf) -> Value:
        pairs = [(self.value(key), self.value(value)) for key, value in map_of.pairs]
        at = map_of.at

        def make(state: State) -> dict[Any, Any]:
            state.at = at
            state.keep(len(pairs) + 1)
            return {map_key(key(state)): value(state) for key, value in pairs}

        return make

    def _range(self, range_of: Range) -> Value:
        first, last = self.value(range_of.first), self.value(range_of.last)

        def make(state: State) -> range | None:
            low, high = _bound(first(state)), _bound(last(state))
            if low is None or high is None:
                return None
            return range(low, high + 1) if low <= high else range(low, high - 1, -1)

        return make

    def _operation(self, operation: Operation) -> Value:
        left, right = self.value(operation.left), self.value(operation.right)
        sign, at, texts = operation.operator, operation.at, operation.texts
        if sign == "==":
            return _equality(left, operation.right, right)
        if sign == "!=":
            equal = _equality(left, operation.right, right)
            return lambda state: not equal(state)
        if sign in _COMPARISONS:
            return _comparison(sign, left, right)
        if sign == "+":

            def add(state: State) -> Any:
                one, other = left(state), right(state)
                if type(one) is int and type(other) is int:
                    total = one + other
                    if -_SMALL < total < _SMALL:
                        return total
                state.at = at
                result = arithmetic.add(one, other, texts)
                if type(result) is str:
                    state.spend(len(result))
                return result

            return add

        def calculate(state: State) -> Any:
            one, other = left(state), right(state)
            state.at = at
            return arithmetic.calculate(sign, one, other)

        return calculate


def _weighed(value: Value) -> Truth:
    def holds(state: State) -> bool:
        found = value(state)
        return found != "" if type(found) is str else found is not None and truth(found)

    return holds


def _equality(left: Value, operand: Expression, right: Value) -> Truth:
    """`==`; with a string that stands there, in one call."""
    if isinstance(operand, Literal) and type(operand.value) is str:
        constant: str = operand.value

        def is_constant(state: State) -> bool:
            value = left(state)
            return value == constant if type(value) is str else arithmetic.equal(value, constant)

        return is_constant

    def equal(state: State) -> bool:
        value, other = left(state), right(state)
        if type(value) in _HOLDING:
            state.check()
        return arithmetic.equal(value, other)

    return equal


#: What is compared part by part, or by its text.
_HOLDING = {list, tuple, range, dict, View, Entry}


def _comparison(sign: str, left: Value, right: Value) -> Value:
    of_integers = _COMPARISONS[sign]

    def compare(state: State) -> bool:
        one, other = left(state), right(state)
        if type(one) is int and type(other) is int:
            return of_integers(one, other)
        return arithmetic.compare(sign, one, other)

    return compare


def _placed(value: Value, at: int, function: Callable[[Any], Any]) -> Value:
    def run(state: State) -> Any:
        found = value(state)
        state.at = at
        return function(found)

    return run


def _bound(value: Any) -> int | None:
    """An end of a range: a number's integer part, or that of a string with a number."""
    found = arithmetic.number(value)
    return None if found is None or abs(found) > 2**31 else int(found)


def map_key(key: Any) -> Any:
    """What can be a map's key here."""
    if isinstance(key, list | dict | range):
        return inner(key)
    return key


def captured(state: State, run: Run, *, escape: bool = False) -> str:
    """What a block prints, as a string: in double quotes, and for what #define made."""
    before = state.out, state.mark, state.escape
    state.out, state.mark, state.escape = [], 0, escape
    try:
        run(state)
        state.account()
        text = "".join(state.out)
    finally:
        state.out, state.mark, state.escape = before
    state.spend(len(text))
    return text
