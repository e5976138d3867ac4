"""Whether recipients can open the links in their messages: a part of what `doctor` looks at."""

import asyncpg

from clarion import messaging

LOCAL = "public_url is this machine's own address"


async def because_local(connection: "asyncpg.Connection[asyncpg.Record]") -> str | None:
    """Who sends real messages although links lead to this machine alone; None: nobody does."""
    kinds = await messaging.kinds_set(connection)
    real = sorted(kind for kind in kinds if messaging.PROVIDERS[kind].real and kind != "webhook")
    return f"{LOCAL}, and messages go out by {', '.join(real)}" if real else None
