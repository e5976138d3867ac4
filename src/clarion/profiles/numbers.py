"""Kinds of small stable numbers (`accounts.number_of`) that callers know our things by. Pure."""

from uuid import UUID, uuid5

PROFILE, LIST, TRAIT = "profile", "list", "trait"


def trait_id(workspace_id: UUID, name: str) -> UUID:
    """What numbers a trait, which has a name and no id."""
    return uuid5(workspace_id, f"trait:{name}")
