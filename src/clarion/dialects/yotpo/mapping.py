"""An event -> an event in our words. Pure.

The customer's external_id, e-mail and phone number all identify: a profile is made, found, or joined by them. The
unique identifier names the event for ever; a later one of the same takes its place.
"""

from msgspec import Raw

from clarion import profiles
from clarion.dialects.yotpo.rules import Valid, Whom
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Sample


def offer(event: Valid, *, namespace: str, now_us: int) -> Offer:
    """The event, new or in the place of an earlier one."""
    return Offer(
        Event(
            name=event.type,
            occurred_at_us=now_us if event.occurred_us is None else event.occurred_us,
            identities=identities(event.whom, namespace),
            traits=event.traits,
            properties=event.properties,
        ),
        Dedup(Mode.OVERRIDE, event.unique_id),
    )


def identities(whom: Whom, namespace: str) -> tuple[Identity, ...]:
    """By what a customer is found, the strongest first."""
    found = []
    if whom.external_id is not None:
        found.append(Identity(IdentityKind.EXTERNAL_ID, namespace, whom.external_id))
    if whom.email is not None:
        found.append(Identity(IdentityKind.EMAIL, "", whom.email))
    if whom.phone is not None:
        found.append(Identity(IdentityKind.PHONE, "", profiles.canonical_phone(whom.phone)[0]))
    return tuple(found)


def sample(sent: bytes | Raw, reason: Exception) -> Sample:
    """What was refused, and why; the vendor has no codes."""
    return Sample.of("400", str(reason), sent)
