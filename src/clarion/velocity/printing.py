"""Putting text and references into the output: nearly all that a template does.

The short ways here do the same as the long one (references.py, `_printed`), for what nearly every reference is.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from clarion.velocity.compiler import Compiler, Run, captured
from clarion.velocity.references import path_of, value_of
from clarion.velocity.state import State
from clarion.velocity.tree import Reference
from clarion.velocity.values import Printable, double_text, text

_DEFINE_DEPTH_MAX = 2


#: Text, and what follows it: a reference of two names (else ""), and the function that does it in any case.
Piece: TypeAlias = tuple[str, str, str, Run]


def piece(before: str, node: Any, run: Run) -> Piece:
    """What `in_turn` takes for a node."""
    if isinstance(node, Reference) and node.alternate is None and not node.backslashes:
        keys = path_of(node)
        if keys is not None and len(keys) == 1:
            return before, node.name, keys[0], run
    return before, "", "", run


def in_turn(pieces: list[Piece], last: str) -> Run:
    """A block. `$item.name` with a string or a number is written here, without calling the node's function."""
    if not pieces:
        return lambda state: state.out.append(last)
    if len(pieces) == 1 and not last and not pieces[0][0]:
        return pieces[0][3]

    def block(state: State) -> None:
        append, variables, escape = state.out.append, state.variables, state.escape
        for before, name, key, run in pieces:
            append(before)
            if name and not escape:
                target = variables.get(name)
                value: Any = target.get(key) if type(target) is dict else None
                kind = type(value)
                if kind is str:
                    append(value)
                    continue
                if kind is float:
                    append(double_text(value))
                    continue
                if kind is int:
                    append(str(value))
                    continue
            run(state)
        append(last)

    return block


def shown(compiler: Compiler, reference: Reference) -> Run:
    """A reference in the text; strings and whole numbers, nearly all there are, go the short way."""
    value_at, general = value_of(reference, compiler.value), _printed(compiler, reference)
    if reference.backslashes:
        return lambda state: general(state, value_at(state))

    def write(state: State, value: Any) -> None:
        kind = type(value)
        if state.escape or kind not in _QUICK:
            general(state, value)
        else:
            state.out.append(_QUICK[kind](value))

    keys, name = None if reference.alternate else path_of(reference), reference.name
    if keys is None:
        return lambda state: write(state, value_at(state))

    def show(state: State) -> None:
        """`$item.name` where maps lead to a string, in one call."""
        value = state.variables.get(name)
        for key in keys:
            if type(value) is not dict:
                value = value_at(state)
                break
            value = value.get(key)
        if type(value) is str and not state.escape:
            state.out.append(value)
        else:
            write(state, value)

    return show


#: Values whose text is short, or there already.
_QUICK: dict[type, Callable[[Any], str]] = {str: str, int: str, float: double_text}


def _printed(compiler: Compiler, reference: Reference) -> Callable[[State, Any], None]:
    """A value in the text. Backslashes before it escape it where it has a value, and are text where not."""
    at = reference.at
    slashes, escaped = "\\" * (reference.backslashes // 2), reference.backslashes % 2 == 1
    quiet = reference.quiet and not escaped
    unresolved = slashes * 2 + ("" if quiet else reference.source)
    if escaped:
        unresolved = slashes + "\\" + reference.source
    instead = slashes + reference.source

    def show(state: State, value: Any) -> None:
        if type(value) is str:
            shown: str | None = value
        elif type(value) is Defined and not escaped:
            state.out.append(slashes)
            if not value.write(state):
                state.out.append(slashes + reference.source)
            return
        else:
            state.at = at
            shown = None if value is None else text(value)
        if shown is None:
            state.out.append(unresolved)
        elif escaped:
            state.out.append(instead)
        else:
            state.at = at
            state.out.append(slashes)
            state.write_value(shown, value)

    return show


class Defined(Printable):
    """What #define made: text that is made anew each time it is printed."""

    __slots__ = ("_depth", "_run", "_state")

    def __init__(self, run: Run, state: State) -> None:
        self._run, self._state, self._depth = run, state, 0

    def write(self, state: State) -> bool:
        """Print it; False where it would print itself over and over."""
        if self._depth >= _DEFINE_DEPTH_MAX:
            return False
        self._depth += 1
        try:
            state.round()
            self._run(state)
        finally:
            self._depth -= 1
        return True

    def text(self) -> str | None:
        return captured(self._state, self._run, escape=self._state.escape) if self._depth == 0 else None
