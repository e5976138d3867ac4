"""An event -> an event in our words. Pure.

The app's own id of a user identifies, and so does the device, by an id that is made of its token and of nothing else:
who did something before they logged in is found again when they do. One event tells of the user and of the device.
"""

from hashlib import sha256
from uuid import UUID

from clarion import model
from clarion.dialects.smartapppush import wire
from clarion.dialects.smartapppush.rules import Refreshed, Valid
from clarion.dialects.smartapppush.wire import Told
from clarion.model import DAY_US, Dedup, Event, Identity, IdentityKind, Mode, Offer, ProfileChange, Sample

OPENED = "push_opened"


def offer(event: Valid, fingerprint: str, *, namespace: str) -> Offer:
    """The event, with its user and device. Its own time is in the fingerprint, so a repeat is known for ever."""
    device = event.device
    return Offer(
        Event(
            name=event.name,
            occurred_at_us=event.occurred_us,
            identities=identities(event.user_id, device.token, namespace=namespace),
            traits={"language": device.language, "country_code": device.country, "timezone": device.timezone},
            properties=event.params,
            context=event.context,
            session=event.session_id,
            device=device,
        ),
        Dedup(Mode.ONCE, fingerprint, day=event.occurred_us // DAY_US),
    )


def opened(message_id: UUID, whose: Identity, campaign: UUID | None, *, now_us: int) -> Offer:
    """A push was tapped: told of each message once."""
    properties = {"message_id": model.show_id("msg", message_id)}
    if campaign is not None:
        properties["campaign_id"] = str(campaign)
    return Offer(
        Event(name=OPENED, occurred_at_us=now_us, identities=(whose,), properties=properties),
        Dedup(Mode.ONCE, f"opened {message_id.hex}", day=model.time_us_of(message_id) // DAY_US),
    )


def refreshed(refresh: Refreshed, *, namespace: str) -> ProfileChange:
    """Who has the device is found by the new token as by the old one."""
    whose = identities(refresh.user_id, refresh.old_token, namespace=namespace)
    return ProfileChange(identities=(*whose, anonymous(refresh.new_token)))


def identities(user_id: str | None, token: str, *, namespace: str) -> tuple[Identity, ...]:
    """By what a user is found, the strongest first."""
    device = anonymous(token)
    return (device,) if user_id is None else (Identity(IdentityKind.EXTERNAL_ID, namespace, user_id), device)


def anonymous(token: str) -> Identity:
    """The same for a token wherever and whenever it is seen; nobody can make the token of it."""
    name = sha256(token.encode()).hexdigest()[:32]
    return Identity(IdentityKind.ANONYMOUS_ID, "", f"device:{name}")


def sample(told: Told, reason: Exception) -> Sample:
    """What was refused, without the key, and why; the vendor has no codes."""
    return Sample.of("400", str(reason), wire.without_key(told))
