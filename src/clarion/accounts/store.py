"""The room's SQL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, structs

from clarion import db, errors
from clarion.accounts.credentials import Credential, NewCredential, SecretForm, hash_of, new_secret
from clarion.accounts.workspaces import DeviceTokens, Plan, Workspace
from clarion.db import Tx
from clarion.model import Ids
from clarion.vault import MasterKey, Vault

Q = db.load("clarion.accounts")
CHANGED = "clarion_credentials"  #: the channel on which processes hear that credentials changed
TOKENS_MAX = 1_000  # of a credential; a caller who asks for one with each request loses the oldest
_SHOWN_CHARACTERS = 12
_NUMBER_MAX = (1 << 31) - 1  # PostgreSQL's integer


async def create_workspace(
    tx: Tx, name: str, *, ids: Ids, master: MasterKey, test: bool = False, zone: str = "UTC", lanes: int = 1
) -> Workspace:
    """A new tenant with its data key and lanes. Raises AlreadyThere, Invalid."""
    workspace_id = ids.next()
    await tx.execute(Q.lock_keys_shared)
    master.reload()
    try:
        async with tx.transaction():
            await tx.execute(
                Q.insert_workspace, workspace_id, name, test, zone, master.new_data_key(workspace_id)
            )
    except asyncpg.UniqueViolationError as exc:
        raise errors.AlreadyThere(f"there is a workspace named {name} already") from exc
    except asyncpg.CheckViolationError as exc:
        raise errors.Invalid(
            "a workspace's name is 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit"
        ) from exc
    await tx.execute(Q.enter_workspace, str(workspace_id))
    await tx.execute(Q.insert_lanes, workspace_id, lanes)
    return await find_workspace(tx, name)


async def find_workspace(tx: Tx, name: str) -> Workspace:
    """By name. Raises NotFound, naming what there is."""
    row = await tx.fetchrow(Q.find_workspace, name)
    if row is None:
        names = [workspace.name for workspace in await list_workspaces(tx)]
        raise errors.NotFound(f"there is no workspace named {name}; there is: {', '.join(names) or 'none'}")
    return _workspace(row)


async def read_workspace(tx: Tx, workspace_id: UUID) -> Workspace:
    """By id. Raises NotFound."""
    row = await tx.fetchrow(Q.read_workspace, workspace_id)
    if row is None:
        raise errors.NotFound("there is no such workspace")
    return _workspace(row)


async def set_workspace(
    tx: Tx,
    workspace_id: UUID,
    *,
    ids: Ids,
    actor: str,
    plan: Plan | None = None,
    api_allowed: bool | None = None,
    device_tokens: DeviceTokens | None = None,
) -> Workspace:
    """Change what vendors ask of a store, and what its devices' tokens are; the audit says so. Raises NotFound."""
    await tx.execute(Q.set_workspace, workspace_id, plan, api_allowed, device_tokens)
    await audit(
        tx, workspace_id, ids=ids, actor=actor, action="workspace_set", plan=plan, api_allowed=api_allowed,
        device_tokens=device_tokens,
    )  # fmt: skip
    return await read_workspace(tx, workspace_id)


async def list_workspaces(tx: Tx) -> list[Workspace]:
    return [_workspace(row) for row in await tx.fetch(Q.list_workspaces)]


async def load_data_key(tx: Tx, workspace_id: UUID) -> bytes:
    """The wrapped data key. Raises NotFound."""
    wrapped: bytes | None = await tx.fetchval(Q.load_data_key, workspace_id)
    if wrapped is None:
        raise errors.NotFound("there is no such workspace")
    return wrapped


async def lock_keys(tx: Tx) -> None:
    """Until the end of the transaction nobody else rotates the master key or makes a workspace."""
    await tx.execute(Q.lock_keys)


async def list_data_keys(tx: Tx) -> dict[UUID, bytes]:
    """The wrapped data key of every workspace."""
    return {row["workspace_id"]: row["data_key"] for row in await tx.fetch(Q.list_data_keys)}


async def replace_data_key(tx: Tx, workspace_id: UUID, wrapped: bytes) -> None:
    """The same data key in another wrapping."""
    await tx.execute(Q.replace_data_key, workspace_id, wrapped)


async def create_credential(
    tx: Tx,
    workspace_id: UUID,
    dialect: str,
    form: SecretForm,
    *,
    ids: Ids,
    vault: Vault,
    role: str | None = None,
    label: str = "",
) -> NewCredential:
    """A new way in for a caller of `dialect`."""
    credential_id = ids.next()
    secret = new_secret(form.prefix)
    public = {name: new_secret("") for name in form.public}
    row = await tx.fetchrow(
        Q.insert_credential,
        credential_id,
        workspace_id,
        dialect,
        role,
        label,
        hash_of(secret),
        secret[:_SHOWN_CHARACTERS],
        vault.seal(secret.encode(), b"credential" + credential_id.bytes),
        msgspec.json.encode(public).decode(),
    )
    assert row is not None, "INSERT … RETURNING"
    await tx.execute(Q.notify_changed, CHANGED)
    return NewCredential(credential=_credential(row), secret=secret)


async def issue_token(
    tx: Tx,
    holder: Credential,
    form: SecretForm,
    *,
    lifetime_s: int,
    ids: Ids,
    vault: Vault,
    now_us: int,
) -> str:
    """A token that opens what `holder` does, and is it to whoever counts, until it is over or `holder` is revoked.

    Of a credential's tokens the newest TOKENS_MAX are kept.
    """
    token, token_id = new_secret(form.prefix), ids.next()
    now = datetime.fromtimestamp(now_us / 1_000_000, UTC)
    await tx.execute(Q.delete_tokens, holder.workspace_id, holder.credential_id, now, TOKENS_MAX - 1)
    await tx.execute(
        Q.insert_token,
        holder.workspace_id,
        holder.credential_id,
        token_id,
        holder.dialect,
        hash_of(token),
        token[:_SHOWN_CHARACTERS],
        vault.seal(token.encode(), b"credential" + token_id.bytes),
        now + timedelta(seconds=lifetime_s),
    )
    return token


async def load_credential(tx: Tx, token_hash: bytes) -> Credential | None:
    """By the hash of its secret; of a token the one that issued it, with the token's end."""
    row = await tx.fetchrow(Q.find_credential, token_hash)
    return structs.replace(_credential(row), zone=row["zone"]) if row else None


async def list_credentials(tx: Tx, workspace_id: UUID) -> list[Credential]:
    return [_credential(row) for row in await tx.fetch(Q.list_credentials, workspace_id)]


async def reveal_credential(
    tx: Tx, workspace_id: UUID, credential_id: UUID, *, ids: Ids, vault: Vault, actor: str
) -> NewCredential:
    """The credential with its secret; leaves a line in the audit. Raises NotFound."""
    row = await tx.fetchrow(Q.reveal_credential, workspace_id, credential_id)
    if row is None:
        raise errors.NotFound("there is no such credential in this workspace")
    secret = vault.open(row["sealed"], b"credential" + credential_id.bytes).decode()
    await audit(
        tx, workspace_id, ids=ids, actor=actor, action="credential_revealed", credential_id=str(credential_id)
    )
    return NewCredential(credential=_credential(row), secret=secret)


async def revoke_credential(
    tx: Tx, workspace_id: UUID, credential_id: UUID, *, ids: Ids, actor: str
) -> Credential:
    """From now on it opens nothing. Raises NotFound."""
    row = await tx.fetchrow(Q.revoke_credential, workspace_id, credential_id)
    if row is None:
        raise errors.NotFound("there is no such credential in this workspace")
    await audit(
        tx, workspace_id, ids=ids, actor=actor, action="credential_revoked", credential_id=str(credential_id)
    )
    await tx.execute(Q.notify_changed, CHANGED)
    return _credential(row)


async def set_rate(
    tx: Tx, workspace_id: UUID, dialect: str, rates: dict[str, int], credential_id: UUID | None = None
) -> list[Credential]:
    """Change the limits (requests a minute by bucket, 0 = none) of one or all of a dialect's credentials."""
    rows = await tx.fetch(
        Q.set_rates, workspace_id, dialect, msgspec.json.encode(rates).decode(), credential_id
    )
    if not rows:
        raise errors.NotFound(f"this workspace has no such credential for {dialect}")
    await tx.execute(Q.notify_changed, CHANGED)
    return [_credential(row) for row in rows]


class UseLine(Struct, frozen=True):
    """Requests of a credential in a bucket and minute."""

    credential_id: UUID
    minute_us: int
    bucket: str
    requests: int
    refused: int


async def workspaces_of(tx: Tx, credential_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Whose each credential is."""
    rows = await tx.fetch(Q.find_workspaces_of, credential_ids)
    return {row["credential_id"]: row["workspace_id"] for row in rows}


async def add_use(tx: Tx, workspace_id: UUID, lines: Sequence[UseLine]) -> None:
    columns = [[getattr(line, name) for line in lines] for name in UseLine.__struct_fields__]
    await tx.execute(Q.add_use, workspace_id, *columns)


async def set_last_used(tx: Tx, workspace_id: UUID, used: Mapping[UUID, datetime]) -> None:
    await tx.execute(Q.set_last_used, workspace_id, list(used), list(used.values()))


async def read_use(
    tx: Tx, workspace_id: UUID, since_us: int, credential_ids: Sequence[UUID] | None
) -> list[asyncpg.Record]:
    return await tx.fetch(Q.read_use, workspace_id, since_us, credential_ids)


async def delete_old_use(tx: Tx, workspace_id: UUID, before_us: int) -> None:
    await tx.execute(Q.delete_old_use, workspace_id, before_us)


async def number_of(tx: Tx, workspace_id: UUID, kind: str, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Stable integers of ids for callers that want small ones, given at the first asking."""
    found = {row["id"]: row["number"] for row in await tx.fetch(Q.find_numbers, workspace_id, kind, ids)}
    missing = [item for item in dict.fromkeys(ids) if item not in found]
    if missing:
        numbers = await take_numbers(tx, workspace_id, kind, len(missing))
        await tx.execute(Q.insert_numbers, workspace_id, kind, numbers, missing)
        rows = await tx.fetch(Q.find_numbers, workspace_id, kind, ids)
        found = {row["id"]: row["number"] for row in rows}
    return found


async def has_number(tx: Tx, workspace_id: UUID, kind: str, item_id: UUID) -> bool:
    """Whether an id was given one."""
    return bool(await tx.fetch(Q.find_numbers, workspace_id, kind, [item_id]))


async def take_numbers(tx: Tx, workspace_id: UUID, kind: str, count: int) -> list[int]:
    """The next integers of a kind, nobody else's from now on; gaps may stay."""
    last: int = await tx.fetchval(Q.raise_counter, workspace_id, kind, count)
    return list(range(last - count + 1, last + 1))


async def ids_of_numbers(tx: Tx, workspace_id: UUID, kind: str, numbers: Sequence[int]) -> dict[int, UUID]:
    """The ids behind numbers that were once shown; others are nobody's."""
    wanted = [number for number in set(numbers) if 0 < number <= _NUMBER_MAX]
    rows = await tx.fetch(Q.find_ids_of_numbers, workspace_id, kind, wanted)
    return {row["number"]: row["id"] for row in rows}


async def audit(tx: Tx, workspace_id: UUID, *, ids: Ids, actor: str, action: str, **detail: Any) -> None:
    """Leave a line: who did what. No secrets in `detail`."""
    await tx.execute(
        Q.insert_audit, workspace_id, ids.next(), actor, action, msgspec.json.encode(detail).decode()
    )


def _workspace(row: asyncpg.Record) -> Workspace:
    return Workspace(
        workspace_id=row["workspace_id"],
        name=row["name"],
        test=row["test"],
        zone=row["zone"],
        created_at=row["created_at"].isoformat(),
        plan=row["plan"],
        api_allowed=row["api_allowed"],
        device_tokens=row["device_tokens"],
    )


def _credential(row: asyncpg.Record) -> Credential:
    return Credential(
        credential_id=row["credential_id"],
        workspace_id=row["workspace_id"],
        dialect=row["dialect"],
        role=row["role"],
        label=row["label"],
        token_start=row["token_start"],
        id_namespace=row["id_namespace"],
        rates=msgspec.json.decode(row["rates"]),
        public=msgspec.json.decode(row["public"]),
        created_at=row["created_at"].isoformat(),
        expires_us=int(row["expires_at"].timestamp() * 1_000_000) if row["expires_at"] else None,
        revoked=row["revoked_at"] is not None,
        last_used_at=row["last_used_at"].isoformat() if row["last_used_at"] else None,
    )
