"""What goes wrong with a template, and where.

VelocityError
├── Malformed     the text is not a template: said when it is compiled
│   └── Refused   a directive that we do not run (#parse, #include, #evaluate)
└── Failed        rendering could not go on: an index out of bounds, a pattern that is none
    └── Exhausted a budget was used up
"""


class VelocityError(Exception):
    """A template that cannot be compiled or rendered. `line` and `column` count from 1; 0 where unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(f"line {line}, column {column}: {message}" if line else message)


class Malformed(VelocityError):
    """The text breaks the language's rules."""


class Refused(Malformed):
    """The directive exists in Velocity, and is not run here."""


class Failed(VelocityError):
    """A method or an operator could not do what the template asked of it."""


class Exhausted(Failed):
    """Rendering took more than a template may take."""


class Trouble(Exception):
    """Raised by methods and tools, which do not know where they stand; the compiler adds the place."""


def place(source: str, at: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
