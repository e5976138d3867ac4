"""Attempts end: by what the provider said, or because their worker went away."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from clarion import errors, log, profiles
from clarion.accounts import Vaults
from clarion.db import Database, Tx, is_transient
from clarion.messaging import configs, lattice, outcomes, store
from clarion.messaging.lattice import Told
from clarion.messaging.opening import Opened, Turn
from clarion.messaging.port import Accepted, Deferred, Kind, Rejected, Result, Unknown
from clarion.messaging.sends import State
from clarion.messaging.store import Locked, Mark, Move
from clarion.model import Ids, Source
from clarion.vault import Vault

LOOK_EVERY_S = 5.0
ABANDON_AFTER_S = 86_400
RETRY_AFTER_S = 300

_log = log.get(__name__)


class Closing(Struct, frozen=True, kw_only=True):
    """An attempt and what the provider said. `marked_us` None: it did not come to the point of no return."""

    turn: Turn
    opened: Opened
    result: Result
    marked_us: int | None


async def close(
    tx: Tx,
    workspace_id: UUID,
    closings: Sequence[Closing],
    *,
    now_us: int,
    ids: Ids,
    draw: Callable[[], float],
) -> None:
    """Note what was said and move the sends. Of one that was taken from us meanwhile it is evidence."""
    locked = await store.lock(tx, workspace_id, [one.opened.message.send_id for one in closings])
    marks, moves = [], []
    for one in closings:
        send = locked[one.opened.message.send_id]
        ours = send.state is State.ATTEMPTING and send.token == one.turn.token
        mark = _mark(one, "closed" if ours else "evidence")
        marks.append(replace(mark, reply="", provider_ref=None) if send.erased else mark)
        if ours or _tells(send, one):
            moves.append(
                outcomes.after(
                    send, one.result, marked_us=one.marked_us or now_us, window_s=one.turn.window_s,
                    now_us=now_us, drawn=draw(),
                )
            )  # fmt: skip
    vault = closings[0].turn.vault
    await store.note(tx, workspace_id, marks, now_us=now_us, vault=vault)
    await _move(tx, workspace_id, moves, now_us)
    for one in closings:
        await _learn_of_address(tx, workspace_id, one, ids=ids)


async def _move(tx: Tx, workspace_id: UUID, moves: Sequence[Move], now_us: int) -> None:
    """They become what is said, or what was reported of them before that."""
    told = await store.reports_of(tx, workspace_id, [move.send_id for move in moves])
    lifted = [
        lattice.with_reports(move, [Told(*one) for one in told.get(move.send_id, ())], now_us=now_us)
        for move in moves
    ]
    await store.move(tx, workspace_id, lifted, now_us=now_us)


def _tells(send: Locked, one: Closing) -> bool:
    """Whether what came too late answers what nobody knew."""
    in_doubt = send.state in (State.UNKNOWN, State.ABANDONED, State.DEFERRED) and send.doubt_us is not None
    return in_doubt and isinstance(one.result, Accepted)


async def _learn_of_address(tx: Tx, workspace_id: UUID, one: Closing, *, ids: Ids) -> None:
    """An address that does not exist is written to no more."""
    carrier, blind = one.turn.carrier, one.opened.written.blind
    match one.result:
        case Rejected(permanent=True, kind=Kind.BAD_ADDRESS):
            if carrier is None or blind is None or not configs.PROVIDERS[carrier.kind].real:
                return
            try:
                await profiles.suppress(
                    tx, workspace_id, cast(Any, one.turn.channel), [one.opened.message.recipient],
                    reason=profiles.Reason.HARD_BOUNCE, source=Source.MANAGE, vault=one.turn.vault, ids=ids,
                )  # fmt: skip
            except errors.Invalid:
                return


async def take_back(
    tx: Tx,
    workspace_id: UUID,
    *,
    now_us: int,
    vault: Vault,
    windows: Callable[[Any], int],
    draw: Callable[[], float],
) -> int:
    """Attempts whose worker went away: unsent ones are due again, of the others nobody knows; how many.

    `windows`: for how long a second try at a stored provider is harmless.
    """
    lapsed, marked = await store.lock_lapsed(tx, workspace_id, now_us)
    moves, marks = [], []
    providers = {one.provider_id: one for one in await store.list_providers(tx, workspace_id, vault=vault)}
    for send, _channel in lapsed:
        mark = marked.get(send.send_id)
        if mark is None:
            move = outcomes.unmarked(send, now_us=now_us, drawn=draw())
        else:
            carrier = providers.get(mark.provider_id) if mark.provider_id is not None else None
            window_s = 0 if carrier is None else windows(carrier)
            move = outcomes.unanswered(
                send, marked_us=mark.at_us, window_s=window_s, now_us=now_us, drawn=draw()
            )
        moves.append(move)
        assert send.token is not None, "an attempt has one"
        outcome, said = (
            ("deferred", outcomes.NOT_SENT) if mark is None else ("unknown", outcomes.NOT_ANSWERED)
        )
        marks.append(
            Mark(send_id=send.send_id, n=send.attempts, phase="closed", token=send.token, outcome=outcome, reply=said)
        )  # fmt: skip
    await store.note(tx, workspace_id, marks, now_us=now_us, vault=vault)
    await _move(tx, workspace_id, moves, now_us)
    return len(lapsed)


async def settle(database: Database, vaults: Vaults, windows: Callable[[Any], int]) -> None:
    """Take back what workers left, and settle what is unknown for long enough."""
    async with database.owner() as tx:
        lapsed = await store.lapsed_workspaces(tx, database.now_us())
        unknown = await store.unknown_workspaces(tx)
    for workspace_id in lapsed:
        vault = await vaults.of(workspace_id)
        async with database.owner() as tx:
            await take_back(
                tx, workspace_id, now_us=database.now_us(), vault=vault, windows=windows, draw=random.random
            )
    for workspace_id in unknown:
        now_us = database.now_us()
        async with database.owner() as tx:
            await store.settle_unknown(
                tx, workspace_id, now_us=now_us,
                abandon_before_us=now_us - ABANDON_AFTER_S * 1_000_000,
                retry_before_us=now_us - RETRY_AFTER_S * 1_000_000,
            )  # fmt: skip


async def keep(
    database: Database, vaults: Vaults, windows: Callable[[Any], int], stop: asyncio.Event
) -> None:
    """Settle every few seconds, until `stop`."""
    while not stop.is_set():
        try:
            await settle(database, vaults, windows)
        except Exception as exc:
            if not is_transient(exc):
                _log.exception("unfinished sends could not be settled", action="settle_failed")
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        except TimeoutError:
            continue


def _mark(one: Closing, phase: str) -> Mark:
    outcome, kind, ref, reply = _said(one.result)
    return Mark(
        send_id=one.opened.message.send_id,
        n=one.opened.n,
        phase=phase,
        token=one.turn.token,
        outcome=outcome,
        kind=kind,
        provider_ref=ref,
        reply=reply,
    )


def _said(result: Result) -> tuple[str, str | None, str | None, str]:
    match result:
        case Accepted(provider_ref=ref, reply=reply):
            return "accepted", None, ref, reply
        case Deferred(reason=reason):
            return "deferred", None, None, reason
        case Rejected(reason=reason, kind=kind):
            return "rejected", kind.value, None, reason
        case Unknown(reason=reason):
            return "unknown", None, None, reason
