"""Roles as data: who may do what is said where it is done, as one of these sets."""

from typing import Literal

Role = Literal["owner", "developer", "marketer", "viewer"]

OWNERS: frozenset[str] = frozenset({"owner"})
DEVELOPERS: frozenset[str] = OWNERS | {"developer"}  #: sees credentials, mends data
MARKETERS: frozenset[str] = DEVELOPERS | {"marketer"}  #: changes what is sent to whom
EVERYBODY: frozenset[str] = MARKETERS | {"viewer"}  #: reads
