"""The errors we foresee, as one tree; whatever is not in it is a bug and may crash.

ClarionError                  its text is a sentence for a person, saying what to do
├── Misconfigured             the operator's: settings, data folder, keys, versions
│   └── EngineFailed          the embedded PostgreSQL would not start (db.engine)
├── Unavailable               for now: database away, backlog or disk full; carries retry_after_s
└── Declined                  the caller's: the request cannot be done as asked
    ├── NotFound              no such thing in this workspace
    ├── AlreadyThere          a unique name or id is taken
    └── Invalid               a value breaks a rule
"""


class ClarionError(Exception):
    """Base of every foreseen failure."""


class Misconfigured(ClarionError):
    """The operator has to change something before this can work."""


class EngineFailed(Misconfigured):
    """The embedded PostgreSQL could not be started or is not the one we need."""


class Unavailable(ClarionError):
    """Not now; the same request may succeed after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Declined(ClarionError):
    """The caller asked for what cannot be done."""


class NotFound(Declined):
    """No such thing in this workspace."""


class AlreadyThere(Declined):
    """The name or id is taken."""


class Invalid(Declined):
    """A value breaks a rule."""
