"""From directives to Python functions (user guide: "Directives").

#break and #stop are exceptions that the nearest scope catches: a loop, a macro, a #define, the template.
"""

from typing import Any

from clarion.velocity.compiler import Compiler, Run
from clarion.velocity.loop import Loop, within
from clarion.velocity.macros import macro_call
from clarion.velocity.printing import Defined, Piece, in_turn, piece, shown
from clarion.velocity.references import setter, value_of
from clarion.velocity.scopes import ABSENT, Broken, Stopped, restore, scoped_run
from clarion.velocity.state import State
from clarion.velocity.tree import (
    Break,
    Define,
    Foreach,
    If,
    Macro,
    MacroCall,
    Node,
    Reference,
    Set,
    Stop,
    Text,
)
from clarion.velocity.values import View


def compile_block(compiler: Compiler, nodes: tuple[Node, ...]) -> Run:
    """One function for all nodes of a block: text, what follows it, text, …"""
    pieces: list[Piece] = []
    text_before = ""
    for node in nodes:
        if isinstance(node, Text):
            text_before += node.text
        elif (part := _statement(compiler, node)) is not None:
            pieces.append(piece(text_before, node, part))
            text_before = ""
    return in_turn(pieces, text_before)


def _statement(compiler: Compiler, node: Node) -> Run | None:
    match node:
        case Text():
            return None  # compile_block writes it
        case Reference():
            return shown(compiler, node)
        case Set():
            return _set(compiler, node)
        case If():
            return _if(compiler, node)
        case Foreach():
            return _foreach(compiler, node)
        case Break():
            return _break(compiler, node)
        case Stop():
            return _stop
        case Define():
            return _define(compiler, node)
        case Macro():
            return None  # collected before anything is compiled: a macro may be called above its definition
        case MacroCall():
            return macro_call(compiler, node)


def _set(compiler: Compiler, node: Set) -> Run:
    value = compiler.value(node.value)
    if not node.target.steps:
        name = node.target.name

        def assign(state: State) -> None:
            state.variables[name] = value(state)

        return assign
    put = setter(node.target, compiler.value)
    return lambda state: put(state, value(state))


def _if(compiler: Compiler, node: If) -> Run:
    branches = [
        (compiler.truth(condition), compiler.block(body))
        for condition, body in node.branches
        if condition is not None
    ]
    last_condition, last_body = node.branches[-1]
    otherwise = compiler.block(last_body) if last_condition is None else None

    if len(branches) == 1 and otherwise is None:
        ((only_holds, only_run),) = branches

        def maybe(state: State) -> None:
            if only_holds(state):
                only_run(state)

        return maybe

    def choose(state: State) -> None:
        for holds, run in branches:
            if holds(state):
                run(state)
                return
        if otherwise is not None:
            otherwise(state)

    return choose


def _foreach(compiler: Compiler, node: Foreach) -> Run:
    name, items_at, at = node.name, compiler.value(node.items), node.at
    body, otherwise = compiler.block(node.body), compiler.block(node.otherwise)
    names = _LOOP_NAMES if compiler.counts_loops else _LOOP_NAMES[:1]
    counts = compiler.counts_loops

    def loop(state: State) -> None:
        items = _iterable(items_at(state))
        if not items:
            otherwise(state)
            return
        variables = state.variables
        before = variables.get(name)
        around = {key: variables.get(key, ABSENT) for key in names}
        here = Loop(len(items), within(around["foreach"]))
        variables["foreach"] = here
        try:
            for here.index, variables[name] in enumerate(items):
                state.at = at
                state.round()
                if counts:
                    variables["velocityCount"] = here.index + 1
                    variables["velocityHasNext"] = here.index < here.last_index
                body(state)
        except Broken as broken:
            if broken.scope is not None and broken.scope is not here:
                raise
        finally:
            restore(variables, around)
            if before is None:
                variables.pop(name, None)
            else:
                variables[name] = before

    return loop


#: What a loop sets besides its variable; the last two are Velocity 1.7's names.
_LOOP_NAMES = ("foreach", "velocityCount", "velocityHasNext")


def _iterable(value: Any) -> Any:
    """What #foreach goes through: elements, or a map's values. Lists are copied: the body may change them."""
    kind = type(value)
    if kind is list or kind is tuple:
        return tuple(value)
    if kind is dict:
        return tuple(value.values())
    return value if kind is range or kind is View else ()


def _break(compiler: Compiler, node: Break) -> Run:
    scope_at = value_of(node.scope, compiler.value) if node.scope else None

    def leave(state: State) -> None:
        raise Broken(scope_at(state) if scope_at else None)

    return leave


def _stop(state: State) -> None:
    raise Stopped


def _define(compiler: Compiler, node: Define) -> Run:
    name, body = node.name, scoped_run(compiler.block(node.body))

    def define(state: State) -> None:
        state.variables[name] = Defined(body, state)

    return define
