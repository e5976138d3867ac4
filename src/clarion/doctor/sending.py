"""Whether messages are sent, and whether recipients can open the links in them."""

import asyncpg

from clarion import db, messaging
from clarion.db import Address, instance
from clarion.db.engine import attach
from clarion.doctor.finding import Finding, Subject, ok, warn
from clarion.errors import EngineFailed

_LOCAL = "public_url is this machine's own address"
_CONNECT_S = 10


async def look(owner: Address, subject: Subject) -> list[Finding]:
    """Whether anything is sent, and its links open; nothing where this cannot be told, for which the other findings
    have the reason.
    """
    try:
        connection = await asyncpg.connect(**owner.connect_args(), timeout=_CONNECT_S)
    except (*db.GONE, asyncpg.PostgresError):
        return []
    try:
        shared = subject.database_url is not None
        because = (await instance.foreseen(connection, subject.data, shared=shared)).because
        local = await _because_local(connection) if subject.links_are_local else None
    except asyncpg.PostgresError:
        return []
    finally:
        await connection.close()
    found = [ok("acting", "messages may be sent")]
    if because is not None:
        advice = "look, then: clarion acting resume"
        found = [warn("acting", f"it is paused, nothing is sent: {because}", advice)]
    if local is not None:
        advice = "set public_url to where recipients reach this server; until then they cannot unsubscribe"
        found.append(warn("links", local, advice))
    return found


async def look_embedded(subject: Subject) -> list[Finding]:
    """Of an engine that runs."""
    try:
        connection = attach(subject.data)
        return await look(connection.addresses().owner, subject) if connection.accepts() else []
    except (OSError, EngineFailed):
        return []


async def _because_local(connection: "asyncpg.Connection[asyncpg.Record]") -> str | None:
    """Who sends real messages although links lead to this machine alone; None: nobody does."""
    kinds = await messaging.kinds_set(connection)
    real = sorted(kind for kind in kinds if messaging.PROVIDERS[kind].real and kind != "webhook")
    return f"{_LOCAL}, and messages go out by {', '.join(real)}" if real else None
