"""Looking at a template without sending it: what it reads, what is odd, for which events it would break.

The data comes as the caller has it: the linter knows no database.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clarion.velocity.errors import VelocityError, place
from clarion.velocity.limits import DEFAULT, Limits
from clarion.velocity.methods import METHODS, TOOLS
from clarion.velocity.template import Template


@dataclass(frozen=True)
class Finding:
    """One sentence about one place of a template."""

    line: int
    column: int
    message: str
    error: bool = False


@dataclass(frozen=True)
class Lint:
    """What was found. `reads` are the keys of $data that the template reads, `names` its other variables."""

    reads: Sequence[str] = ()
    names: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    #: Position in the examples -> what breaks.
    breaks: Mapping[int, Finding] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing keeps it from being rendered."""
        return not self.breaks and not any(finding.error for finding in self.findings)


def lint(
    source: str,
    *,
    known: Collection[str] | None = None,
    examples: Sequence[Mapping[str, Any]] = (),
    now: datetime | None = None,
    limits: Limits = DEFAULT,
) -> Lint:
    """Look at a template. `known` are the names ever seen in the event's history; `examples` contexts to try."""
    try:
        template = Template(source, limits)
    except VelocityError as exc:
        return Lint(findings=[_finding(exc)])
    found = [Finding(*where) for where in template.warnings]
    found += _unknown_methods(template)
    if known is not None:
        found += _unseen(template, known)
    breaks = {}
    for number, context in enumerate(examples):
        try:
            template.render(context, now=now)
        except VelocityError as exc:
            breaks[number] = _finding(exc)
    return Lint(
        reads=sorted(template.survey.reads),
        names=sorted(name for name in template.survey.names if name not in TOOLS and name != "data"),
        findings=sorted(found, key=lambda finding: (finding.line, finding.column)),
        breaks=breaks,
    )


def _finding(exc: VelocityError) -> Finding:
    return Finding(exc.line, exc.column, exc.message, error=True)


def _unknown_methods(template: Template) -> list[Finding]:
    """Methods that no value has: the reference will stand there as it is written."""
    return [
        Finding(*place(template.source, at), f"nothing here has a method .{name}() with {count} arguments")
        for name, count, at in template.survey.methods
        if (name, count) not in METHODS and (name, -1) not in METHODS
    ]


def _unseen(template: Template, known: Collection[str]) -> list[Finding]:
    return [
        Finding(*place(template.source, at), f"{name} has never been seen in the event's data")
        for name, where in template.survey.reads.items()
        if name not in known
        for at in where
    ]
