"""The syntax tree: what a template says, before anybody runs it. `at` is an offset in the source."""

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Property:
    """`.name`"""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`.name(arguments)`"""

    at: int
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`[key]`"""

    at: int
    key: "Expression"


Step: TypeAlias = Property | Call | Index


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name.step`, `$!name`, `${name|alternate}`. `source` is printed where there is no value."""

    at: int
    name: str
    steps: tuple[Step, ...]
    source: str
    quiet: bool = False
    alternate: "Expression | None" = None
    backslashes: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a truth value, a string without holes."""

    at: int
    value: Any


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A string in double quotes with references or directives in it."""

    at: int
    body: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    at: int
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    at: int
    pairs: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """`[first..last]`, both included, downwards where last is less."""

    at: int
    first: "Expression"
    last: "Expression"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands. `texts` are their sources: what `+` joins where one has no value."""

    at: int
    operator: str
    left: "Expression"
    right: "Expression"
    texts: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Not:
    at: int
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Negative:
    at: int
    operand: "Expression"


Expression: TypeAlias = (
    Reference | Literal | Interpolated | ListOf | MapOf | Range | Operation | Not | Negative
)


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Set:
    at: int
    target: Reference
    value: Expression


@dataclass(frozen=True, slots=True)
class If:
    """Branches in order; the last one's condition may be None: #else."""

    at: int
    branches: tuple[tuple[Expression | None, tuple["Node", ...]], ...]


@dataclass(frozen=True, slots=True)
class Foreach:
    at: int
    name: str
    items: Expression
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Break:
    at: int
    scope: Reference | None


@dataclass(frozen=True, slots=True)
class Stop:
    at: int


@dataclass(frozen=True, slots=True)
class Define:
    at: int
    name: str
    body: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """A definition. A parameter is a name and what it is where a call does not say."""

    at: int
    name: str
    parameters: tuple[tuple[str, Expression | None], ...]
    body: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MacroCall:
    """`#name(arguments)`, or with a body `#@name(arguments) … #end`. Without such a macro, its source is text."""

    at: int
    name: str
    arguments: tuple[Expression, ...]
    body: tuple["Node", ...] | None
    source: str
    before: str  #: white space around it that goes where there is such a macro
    after: str


Node: TypeAlias = Text | Reference | Set | If | Foreach | Break | Stop | Define | Macro | MacroCall
