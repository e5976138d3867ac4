"""From a reference to the function that finds its value (user guide: "References").

Every step is a look-up by the value's exact type in the tables of methods.py: no attribute of a Python object is ever
asked for by a name that stands in a template.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from clarion.velocity.data_methods import MAP
from clarion.velocity.methods import element, index_of, named, properties, put
from clarion.velocity.state import State
from clarion.velocity.tree import Call, Expression, Index, Literal, Property, Reference, Step
from clarion.velocity.values import truth

Value: TypeAlias = Callable[[State], Any]
#: Compiles an expression; given to whom needs it, for expressions hold references and these hold expressions.
Compile: TypeAlias = Callable[[Expression], Value]
Stepper: TypeAlias = Callable[[State, Any], Any]


#: Without a key of that name, a map answers with its method.
_OF_MAPS = frozenset(name for name, count in MAP if count == 0)


def value_of(reference: Reference, compile_: Compile) -> Value:
    """The function that gives the reference's value, or None."""
    found = _chain(reference.name, [_step(step, compile_) for step in reference.steps])
    keys = path_of(reference)
    if keys:
        found = _by_path(reference.name, keys, found)
    if reference.alternate is None:
        return found
    alternate = compile_(reference.alternate)

    def with_alternate(state: State) -> Any:
        value = found(state)
        return value if value is not None and truth(value) else alternate(state)

    return with_alternate


def path_of(reference: Reference) -> tuple[str, ...] | None:
    """The keys by which maps lead to the value: `$a.b.get('c')` is b, c. None where it is not that simple."""
    keys: list[str] = []
    for step in reference.steps:
        match step:
            case Property(name=name) if name not in _OF_MAPS:
                keys.append(name)
            case Call(name="get", arguments=(Literal(value=str(name)),)):
                keys.append(name)
            case _:
                return None
    return tuple(keys)


def _by_path(name: str, keys: tuple[str, ...], otherwise: Value) -> Value:
    """The same as `otherwise`, quicker as long as there are maps on the way: nearly always."""
    if len(keys) == 1:
        (key,) = keys

        def one(state: State) -> Any:
            value = state.variables.get(name)
            return value.get(key) if type(value) is dict else otherwise(state)

        return one

    def more(state: State) -> Any:
        value = state.variables.get(name)
        for key in keys:
            if type(value) is not dict:
                return otherwise(state)
            value = value.get(key)
        return value

    return more


def _chain(name: str, steps: list[Stepper]) -> Value:
    if not steps:

        def variable(state: State) -> Any:
            return state.variables.get(name)

        return variable
    if len(steps) == 1:
        only = steps[0]

        def one(state: State) -> Any:
            value = state.variables.get(name)
            return None if value is None else only(state, value)

        return one

    def chain(state: State) -> Any:
        value = state.variables.get(name)
        for step in steps:
            if value is None:
                return None
            value = step(state, value)
        return value

    return chain


def _step(step: Step, compile_: Compile) -> Stepper:
    match step:
        case Property():
            return _property(step)
        case Call():
            return _call(step, compile_)
        case Index():
            return _index(step, compile_)


def _property(step: Property) -> Stepper:
    at, name, table = step.at, step.name, properties(step.name)

    def get(state: State, target: Any) -> Any:
        if type(target) is dict and (name in target or name not in _OF_MAPS):
            return target.get(name)
        found = table.get(type(target))
        if found is None:
            return None
        state.at = at
        return found(state, target)

    return get


def _call(step: Call, compile_: Compile) -> Stepper:
    at, arguments = step.at, [compile_(argument) for argument in step.arguments]
    table = named(step.name, len(arguments))
    if step.name == "get" and len(arguments) == 1:
        return _get(step, arguments[0])
    if not arguments:

        def plain(state: State, target: Any) -> Any:
            method = table.get(type(target))
            if method is None:
                return None
            state.at = at
            return method(state, target)

        return plain

    def call(state: State, target: Any) -> Any:
        values = [argument(state) for argument in arguments]
        method = table.get(type(target))
        if method is None:
            return None
        state.at = at
        return method(state, target, *values)

    return call


def _get(step: Call, argument: Value) -> Stepper:
    """`.get(x)`: what templates say most."""
    at = step.at
    if isinstance(step.arguments[0], Literal) and type(step.arguments[0].value) is str:
        name = step.arguments[0].value

        def get_name(state: State, target: Any) -> Any:
            if type(target) is dict:
                return target.get(name)
            state.at = at
            return element(state, target, name)

        return get_name

    def get(state: State, target: Any) -> Any:
        key = argument(state)
        state.at = at
        return element(state, target, key)

    return get


def _index(step: Index, compile_: Compile) -> Stepper:
    at, key = step.at, compile_(step.key)

    def get(state: State, target: Any) -> Any:
        value = key(state)
        state.at = at
        if type(value) is int and value < 0:
            value = index_of(target, value)
        return element(state, target, value)

    return get


def setter(reference: Reference, compile_: Compile) -> Callable[[State, Any], None]:
    """The function that #set calls with the new value, for a reference with steps."""
    owner = _chain(reference.name, [_step(step, compile_) for step in reference.steps[:-1]])
    last = reference.steps[-1]
    if isinstance(last, Call):

        def nothing(state: State, value: Any) -> None:
            owner(state)

        return nothing
    key = compile_(last.key) if isinstance(last, Index) else None
    property_ = last.name if isinstance(last, Property) else None

    def set_within(state: State, value: Any) -> None:
        target = owner(state)
        if target is None:
            return
        state.at = last.at
        if key is None:
            if type(target) is dict:
                put(state, target, property_, value)
            return
        where = key(state)
        state.at = last.at
        if type(where) is int and where < 0:
            where = index_of(target, where)
        put(state, target, where, value)

    return set_within
