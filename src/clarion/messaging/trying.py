"""A first message through a provider, to see what it says. It is no send: nothing of it is kept but the audit."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from clarion import errors
from clarion.messaging.configs import PROVIDERS
from clarion.messaging.port import Channel, Content, Email, Outgoing, Payload, Provider, Result, Text
from clarion.messaging.store import StoredProvider

_WORDS = "This is a test message from Clarion. If you can read it, the provider works."
CONTENT: Mapping[Channel, Content] = {
    "email": Email(subject="A test message from Clarion", html=f"<p>{_WORDS}</p>"),
    "sms": Text(text=_WORDS),
    "viber": Text(text=_WORDS),
    "webhook": Payload(type="clarion.test", data={"text": _WORDS}),
}


def trial(workspace_id: UUID, send_id: UUID, channel: Channel, recipient: str, now: datetime) -> Outgoing:
    """The test message."""
    return Outgoing(
        workspace_id=workspace_id,
        send_id=send_id,
        channel=channel,
        recipient=recipient,
        content=CONTENT[channel],
        created_at=now,
    )


async def attempt(providers: Mapping[str, Provider], stored: StoredProvider, message: Outgoing) -> Result:
    """Look at the target again, then send. Raises Invalid for a target that must not be reached."""
    await check(providers, stored.kind, stored.config)
    return await providers[stored.kind].send(message, stored.config, committing=_nothing)


async def check(providers: Mapping[str, Provider], kind: str, config: object) -> None:
    """Raises Invalid where these settings must not be used."""
    if kind not in providers:
        raise errors.Invalid(f"{kind} is not spoken here")
    await providers[kind].check(config)


def is_real(kind: str) -> bool:
    """Whether its messages leave this installation."""
    return PROVIDERS[kind].real


async def _nothing() -> None:
    """A trial has no journal."""
