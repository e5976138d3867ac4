"""Identities and addresses: canonical forms and their blind indexes."""

from functools import lru_cache
from uuid import UUID

import phonenumbers
from msgspec import Struct

from clarion.model import Identity, Reach
from clarion.vault import Vault


class Place(Struct, frozen=True):
    """An address as it is stored. `irregular`: a phone number that is not one in E.164."""

    channel: str
    value: str
    blind: UUID
    domain_blind: UUID | None
    irregular: bool


def blind_of(vault: Vault, identity: Identity) -> UUID:
    """Where an identity is found: a keyed hash of its kind, namespace and canonical value."""
    return vault.blind(f"identity {identity.kind.value} {identity.namespace}", identity.value)


def strongest(identities: tuple[Identity, ...]) -> Identity:
    """external_id > email > phone > anonymous_id; among equals the first."""
    return min(identities, key=lambda identity: identity.kind)


def reach_of(vault: Vault, reach: Reach) -> Place | None:
    """The address behind a value; None where nothing is left of it (a phone without digits)."""
    if reach.channel == "email":
        domain = vault.blind("domain", reach.value.rpartition("@")[2])
        return Place("email", reach.value, vault.blind("address email", reach.value), domain, irregular=False)
    if reach.channel in ("push", "webpush"):  # a token: byte for byte
        return Place(
            reach.channel, reach.value, vault.blind(f"address {reach.channel}", reach.value), None, False
        )
    value, irregular = canonical_phone(reach.value)
    if not value:
        return None
    return Place(reach.channel, value, vault.blind(f"address {reach.channel}", value), None, irregular)


@lru_cache(maxsize=65_536)
def canonical_phone(text: str) -> tuple[str, bool]:
    """E.164; else "+" and the digits, with True for irregular; ("", True) without digits."""
    digits = "".join(character for character in text if character.isdecimal() and character.isascii())
    if not digits:
        return "", True
    try:
        number = phonenumbers.parse("+" + digits.removeprefix("00"), None)
    except phonenumbers.NumberParseException:
        return "+" + digits, True
    if not phonenumbers.is_valid_number(number):
        return "+" + digits, True
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), False
