"""Reports are heard: bounces that came by mail, and what a provider tells. Each kind of news of a send counts once.

A complaint and a hard bounce suppress the address for everything; a soft bounce does not. Repeats change nothing, and
order does not matter, so whoever reports may do it again until we answered.
"""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion.db import Tx
from clarion.messaging import lattice, readers, store
from clarion.messaging.lattice import Told
from clarion.messaging.links import Reader
from clarion.messaging.port import Channel, Report
from clarion.messaging.sends import State
from clarion.messaging.store import Reported, ReportRow
from clarion.model import Ids
from clarion.profiles import Reason
from clarion.vault import Vault

Origin = Literal["mail", "provider"]


class Heard(Struct, frozen=True, kw_only=True):
    """What became of some reports. `unknown`: of no message that this channel sent; `early`: some of those may be of
    one whose provider has not answered us yet, so they are to be told again.
    """

    taken: int
    repeated: int
    unknown: int
    early: bool = False


async def hear(
    tx: Tx,
    workspace_id: UUID,
    channel: Channel,
    reports: Sequence[Report],
    *,
    origin: Origin,
    vault: Vault,
    ids: Ids,
    now_us: int,
) -> Heard:
    """Note what is told of a channel's sends, and move those that it lifts."""
    refs = [one.provider_ref for one in reports if one.send_id is None and one.provider_ref is not None]
    by_ref = await store.sends_of_refs(tx, workspace_id, channel, refs)
    meant = [one.send_id or by_ref.get(one.provider_ref or "") for one in reports]
    sends = await store.lock_reported(tx, workspace_id, channel, {one for one in meant if one is not None})
    known = [
        (send_id, one)
        for send_id, one in zip(meant, reports, strict=True)
        if send_id is not None and send_id in sends
    ]
    rows = _rows(known, sends, origin, now_us)
    new = await store.note_reports(tx, workspace_id, list(rows.values()), vault=vault)
    told: dict[UUID, list[Told]] = {}
    for send_id, state, hard in new:
        told.setdefault(send_id, []).append(Told(state, hard))
    moves = [
        move
        for send_id, news in told.items()
        if (move := lattice.after_reports(sends[send_id].locked, news, now_us=now_us)) is not None
    ]
    await store.move(tx, workspace_id, moves, now_us=now_us)
    await _suppress(tx, workspace_id, sends, told, vault=vault, ids=ids)
    unknown = len(reports) - len(known)
    early = bool(unknown) and bool(refs) and await store.any_attempting(tx, workspace_id, channel)
    return Heard(taken=len(new), repeated=len(known) - len(new), unknown=unknown, early=early)


def _rows(
    known: Sequence[tuple[UUID, Report]], sends: Mapping[UUID, Reported], origin: Origin, now_us: int
) -> dict[tuple[UUID, str, bool], ReportRow]:
    """Each kind of news once, in the order in which every writer takes its locks.

    The words may name the address, so of somebody who was erased they are not kept.
    """
    rows: dict[tuple[UUID, str, bool], ReportRow] = {}
    for send_id, one in known:
        hard = one.hard and one.state == "bounced"
        erased = sends[send_id].locked.erased
        said = None if erased else msgspec.json.encode({"reason": one.reason, "raw": one.raw})
        row = ReportRow(
            send_id=send_id, state=one.state, hard=hard, origin=origin, heard_us=now_us, said=said
        )
        rows.setdefault((send_id, one.state, hard), row)
    return dict(sorted(rows.items(), key=lambda item: (item[0][0].bytes, item[0][1:])))


async def _suppress(
    tx: Tx,
    workspace_id: UUID,
    sends: Mapping[UUID, Reported],
    told: Mapping[UUID, Sequence[Told]],
    *,
    vault: Vault,
    ids: Ids,
) -> None:
    """In the order of the addresses, so that two of these never wait for each other."""
    wanted = {
        (blind, reason): send_id
        for send_id, news in told.items()
        for one in news
        if (reason := _reason(one)) is not None and (blind := sends[send_id].blind) is not None
    }
    for (blind, reason), send_id in sorted(wanted.items(), key=lambda item: (item[0][0].bytes, item[0][1])):
        reader = Reader(
            workspace_id=workspace_id, send_id=send_id, channel=sends[send_id].channel, blind=blind
        )
        await readers.suppress_reader(tx, reader, reason, vault=vault, ids=ids)


def _reason(told: Told) -> Reason | None:
    if told.state is State.COMPLAINED:
        return Reason.COMPLAINT
    return Reason.HARD_BOUNCE if told.state is State.BOUNCED and told.hard else None
