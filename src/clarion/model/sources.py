"""The dialects' small numbers: part of every stored dedup key, so they never change."""

from enum import IntEnum


class Source(IntEnum):
    MANAGE = 0  #: our own management API and CLI
    SMASHSEND = 1
    SMARTPUSH = 2
    ESPUTNIK = 3
    SMARTAPPPUSH = 4
    YOTPO = 5
    SEGMENT = 6
    RECIPIENT = 7  #: who got a message: its links, and what their mail server or gateway tells

    @property
    def dialect(self) -> str:
        """The name that callers and operators use."""
        return self.name.lower()
