"""Words for tests of channels."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from clarion.channels import Guard
from clarion.channels._outbound import allowed, own_addresses, resolve
from clarion.messaging.port import Email, Outgoing

WORKSPACE = UUID(int=7)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Mark:
    """The outbox's mark: how often the point of no return was passed."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


def guard_for(*ports: int, host: str = "127.0.0.1") -> Guard:
    """As `outbound_allow` would name these."""
    return Guard(allowed(",".join(f"{host}:{port}" for port in ports)), resolve, own_addresses)


def outgoing(channel: Any = "email", **fields: Any) -> Outgoing:
    given: dict[str, Any] = {
        "workspace_id": WORKSPACE,
        "recipient": "ann@example.com",
        "content": Email(subject="Hello", html="<p>Hello Ann</p>"),
    }
    return Outgoing(send_id=uuid4(), channel=channel, created_at=NOW, **(given | fields))
