"""Who reads a message, and what they did with it."""

from typing import cast
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion import profiles
from clarion.db import Tx
from clarion.messaging.port import Channel
from clarion.messaging.sends import Sealed, place
from clarion.messaging.store._queries import Q
from clarion.messaging.store.standing import blind_of
from clarion.vault import Vault


class SentTo(Struct, frozen=True, kw_only=True):
    """To whom a send went. `value` None: the address is not known any more; `template`: its name."""

    profile_id: UUID | None
    channel: Channel
    blind: UUID | None
    value: str | None
    language: str | None
    template: str | None


async def sent_to(tx: Tx, workspace_id: UUID, send_id: UUID, *, vault: Vault) -> SentTo | None:
    """None where there is no such send any more."""
    row = await tx.fetchrow(Q.read_reader, workspace_id, send_id)
    if row is None:
        return None
    kept = Sealed()
    if row["sealed"] is not None:
        kept = msgspec.msgpack.decode(vault.open(row["sealed"], place(send_id)), type=Sealed)
    person = None
    if row["profile_id"] is not None:
        person = await profiles.read_profile(tx, workspace_id, row["profile_id"], vault=vault)
    channel, blind = cast(Channel, row["channel"]), row["blind"]
    held = [] if person is None else [one["value"] for one in person.addresses]
    values = [value for value in held if blind is not None and blind_of(vault, channel, value) == blind]
    language = kept.language or ({} if person is None else person.traits).get("language")
    return SentTo(
        profile_id=row["profile_id"],
        channel=channel,
        blind=blind,
        value=kept.recipient or next(iter(values), None),
        language=language if isinstance(language, str) else None,
        template=row["template"],
    )


class Seen(Struct, frozen=True):
    """When a message was opened, and a link of it followed, for the first time."""

    opened_us: int | None = None
    clicked_us: int | None = None


async def seen(tx: Tx, workspace_id: UUID, send_id: UUID) -> Seen:
    row = await tx.fetchrow(Q.read_seen, workspace_id, send_id)
    return Seen() if row is None else Seen(row["opened_us"], row["clicked_us"])


async def note_opened(tx: Tx, workspace_id: UUID, send_id: UUID, now_us: int) -> bool:
    """Whether it was the first time."""
    return await tx.fetchval(Q.note_opened, workspace_id, send_id, now_us) is not None


async def note_clicked(tx: Tx, workspace_id: UUID, send_id: UUID, now_us: int) -> bool:
    """Whether it was the first time."""
    return await tx.fetchval(Q.note_clicked, workspace_id, send_id, now_us) is not None
