"""A compiled template, and the two calls that most need: compile and render."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from clarion.velocity.compiler import Compiler, Run
from clarion.velocity.errors import Exhausted, Failed, Malformed, Trouble, place
from clarion.velocity.limits import DEFAULT, Limits
from clarion.velocity.macros import CompiledMacro
from clarion.velocity.methods import TOOLS
from clarion.velocity.parser import parse
from clarion.velocity.scopes import Broken, Stopped
from clarion.velocity.state import Overspent, State
from clarion.velocity.statements import compile_block
from clarion.velocity.survey import Survey, survey


class Template:
    """A template that was read and compiled. It can be rendered any number of times, by several threads at once.

    `warnings` are (line, column, sentence): what works, but should be written otherwise.
    """

    def __init__(self, source: str, limits: Limits) -> None:
        nodes, warnings = parse(source, limits)
        self.source = source
        self.warnings = [(*place(source, at), sentence) for at, sentence in warnings]
        self.survey = survey(nodes)
        self._limits = limits
        self._run = _compiled(nodes, self.survey)

    def render(
        self,
        context: Mapping[str, Any],
        *,
        escape: bool = False,
        header: bool = False,
        now: datetime | None = None,
        zone: tzinfo | None = None,
    ) -> str:
        """The template with these values. Raises Failed, or Exhausted when a budget is used up.

        `escape` writes `& < > " '` of every reference as HTML entities (user guide: "Escaping"), save what `$esc`
        gave. `now`, with its offset, is what `$dateTool` takes for the present, shown in `zone`: the contact's.
        `header` refuses a result with a line's end in it: such a value would begin a mail header of its own. The
        context is never changed.
        """
        values = _copied(context) if self.survey.changes_data else context
        state = State({**values, **TOOLS}, self._limits, escape=escape, now=now, zone=zone)
        try:
            try:
                self._run(state)
            except (Broken, Stopped):
                pass  # #break outside of a loop, and #stop, end the template
            state.account()
        except Overspent as exc:
            raise Exhausted(str(exc), *place(self.source, state.at)) from None
        except Trouble as exc:
            raise Failed(str(exc), *place(self.source, state.at)) from exc
        except (ArithmeticError, ValueError) as exc:
            # Numbers without end, or of thousands of digits: Python will not convert them.
            raise Failed(f"a number that cannot be used here: {exc}", *place(self.source, state.at)) from exc
        except RecursionError:
            raise Exhausted("blocks and macros within each other are too deep") from None
        text = "".join(state.out)
        if header and ("\n" in text or "\r" in text):
            raise Failed("a header cannot hold a line's end")
        return text


def _compiled(nodes: Any, survey: Survey) -> Run:
    compiler = Compiler(compile_block, counts_loops=survey.counts_loops)
    compiler.macros = {name: CompiledMacro(compiler, macro) for name, macro in survey.macros.items()}
    try:
        for macro in compiler.macros.values():
            macro.compile()
        return compiler.block(nodes)
    except RecursionError as exc:
        raise Malformed("nested too deeply") from exc


def _copied(value: Any) -> Any:
    """A copy of the data, for a template that changes it."""
    kind = type(value)
    if kind is list or kind is tuple:
        return [_copied(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return value


def compile(source: str, *, limits: Limits = DEFAULT) -> Template:
    """Read and compile a template (user guide: "Velocity Template Language"). Raises Malformed or Refused."""
    return Template(source, limits)


def render(source: str, context: Mapping[str, Any], *, escape: bool = False) -> str:
    """Render a template once: `compile(source).render(context)`. Raises VelocityError."""
    return compile(source).render(context, escape=escape)
