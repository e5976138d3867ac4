"""From macros to Python functions (user guide: "Velocimacros")."""

from typing import Any

from clarion.velocity.compiler import Compiler, Run
from clarion.velocity.printing import Defined
from clarion.velocity.scopes import ABSENT, restore, scoped_run
from clarion.velocity.state import Overspent, State
from clarion.velocity.tree import Expression, Macro, MacroCall


def macro_call(compiler: Compiler, node: MacroCall) -> Run:
    macro, at, source = compiler.macros.get(node.name), node.at, node.before + node.source + node.after
    if macro is None:
        return lambda state: state.out.append(source)
    arguments = [compiler.value(argument) for argument in node.arguments]
    content = scoped_run(compiler.block(node.body)) if node.body is not None else None

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
        self._body = scoped_run(self._compiler.block(self._node.body))

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
            before = variables.get(name, ABSENT)
            value = None if given is None else given(state)
            variables[name] = value
            replaced.append((name, before, value))
        state.macro_depth += 1
        try:
            self._body(state)
        finally:
            state.macro_depth -= 1
            if content is not None and variables.get("bodyContent") is content:
                restore(variables, {"bodyContent": ABSENT if body_before is None else body_before})
            for name, before, value in replaced:
                if variables.get(name) is value:
                    restore(variables, {name: before})
