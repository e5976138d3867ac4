"""From directives to Python functions (user guide: "Directives").

#break and #stop are exceptions that the nearest scope catches: a loop, a macro, a #define, the template.
"""

from collections.abc import Callable
from typing import Any

from clarion.velocity.compiler import Compiler, Run, captured
from clarion.velocity.loop import Loop, within
from clarion.velocity.references import path_of, setter, value_of
from clarion.velocity.state import Overspent, State
from clarion.velocity.tree import (
    Break,
    Define,
    Expression,
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
from clarion.velocity.values import Printable, View, double_text, text

_DEFINE_DEPTH_MAX = 2
#: Stands for what was not there, where null is something else.
_ABSENT = object()


class Broken(Exception):
    """#break; `scope` is the loop that is meant, or None for the nearest scope."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        super().__init__()


class Stopped(Exception):
    """#stop"""


def compile_block(compiler: Compiler, nodes: tuple[Node, ...]) -> Run:
    """One function for all nodes of a block: text, what follows it, text, …"""
    pairs: list[tuple[str, Run]] = []
    text_before = ""
    for node in nodes:
        if isinstance(node, Text):
            text_before += node.text
        elif (part := _statement(compiler, node)) is not None:
            pairs.append((text_before, part))
            text_before = ""
    return _in_turn(pairs, text_before)


def _in_turn(pairs: list[tuple[str, Run]], last: str) -> Run:
    if not pairs:
        return lambda state: state.out.append(last)
    if len(pairs) == 1 and not last and not pairs[0][0]:
        return pairs[0][1]

    def block(state: State) -> None:
        append = state.out.append
        for before, part in pairs:
            append(before)
            part(state)
        append(last)

    return block


def _statement(compiler: Compiler, node: Node) -> Run | None:
    match node:
        case Text():
            return None  # compile_block writes it
        case Reference():
            return _shown(compiler, node)
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
            return _call(compiler, node)


def _shown(compiler: Compiler, reference: Reference) -> Run:
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

    keys = None if reference.alternate else path_of(reference)
    if keys is None or len(keys) != 1:
        return lambda state: write(state, value_at(state))
    name, (key,) = reference.name, keys

    def show(state: State) -> None:
        """`$item.name` with a string, in one call."""
        target = state.variables.get(name)
        value = target.get(key) if type(target) is dict else value_at(state)
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
        around = {key: variables.get(key, _ABSENT) for key in names}
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
            _restore(variables, around)
            if before is None:
                variables.pop(name, None)
            else:
                variables[name] = before

    return loop


#: What a loop sets besides its variable; the last two are Velocity 1.7's names.
_LOOP_NAMES = ("foreach", "velocityCount", "velocityHasNext")


def _restore(variables: dict[str, Any], around: dict[str, Any]) -> None:
    for key, value in around.items():
        if value is _ABSENT:
            variables.pop(key, None)
        else:
            variables[key] = value


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


def _define(compiler: Compiler, node: Define) -> Run:
    name, body = node.name, _scope(compiler.block(node.body))

    def define(state: State) -> None:
        state.variables[name] = Defined(body, state)

    return define


def _scope(run: Run) -> Run:
    """A block that #break leaves."""

    def scoped(state: State) -> None:
        try:
            run(state)
        except Broken as broken:
            if broken.scope is not None:
                raise

    return scoped


def _call(compiler: Compiler, node: MacroCall) -> Run:
    macro, at, source = compiler.macros.get(node.name), node.at, node.before + node.source + node.after
    if macro is None:
        return lambda state: state.out.append(source)
    arguments = [compiler.value(argument) for argument in node.arguments]
    content = _scope(compiler.block(node.body)) if node.body is not None else None

    def call(state: State) -> None:
        state.at = at
        state.round()
        if state.macro_depth >= state.limits.macro_depth_max:
            raise Overspent(f"macros call each other deeper than {state.limits.macro_depth_max} levels")
        body = None if content is None else Defined(content, state)
        macro.run(state, arguments, body)

    return call


class CompiledMacro:
    """A macro: its parameters are variables of the template while it runs, as in Velocity."""

    def __init__(self, compiler: Compiler, node: Macro) -> None:
        self._compiler, self._node = compiler, node
        self._body: Run | None = None
        self._parameters: list[tuple[str, Any]] = []

    def compile(self) -> None:
        """Only when all macros are known: they may call each other."""
        self._parameters = [(name, self._default(default)) for name, default in self._node.parameters]
        self._body = _scope(self._compiler.block(self._node.body))

    def _default(self, default: Expression | None) -> Any:
        return None if default is None else self._compiler.value(default)

    def run(self, state: State, arguments: list[Any], content: Defined | None) -> None:
        assert self._body
        variables, replaced = state.variables, []
        body_before = variables.get("bodyContent")
        if content is not None:
            variables["bodyContent"] = content
        for number, (name, default) in enumerate(self._parameters):
            given = arguments[number] if number < len(arguments) else default
            before = variables.get(name, _ABSENT)
            value = None if given is None else given(state)
            variables[name] = value
            replaced.append((name, before, value))
        state.macro_depth += 1
        try:
            self._body(state)
        finally:
            state.macro_depth -= 1
            if content is not None and variables.get("bodyContent") is content:
                _restore(variables, {"bodyContent": _ABSENT if body_before is None else body_before})
            for name, before, value in replaced:
                if variables.get(name) is value:
                    _restore(variables, {name: before})
