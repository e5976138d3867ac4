"""API keys: this door's credentials of the caller's workspace."""

from uuid import UUID

from clarion import accounts, errors, model
from clarion.accounts import Credential, NewCredential
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.smashsend import auth
from clarion.dialects.smashsend.contacts import mapping, wire

VIEWER = "viewer"
_NO_KEY = "API key not found"


async def check(asked: Asked) -> wire.Checked:
    """Whether the key opens the door, and for what."""
    shown = _shown(asked.credential)
    return wire.Checked("SUCCEED", shown.display_name, shown.role)


async def current(asked: Asked) -> wire.OneKey:
    """The key that is calling."""
    return wire.OneKey(_shown(asked.credential))


async def list_all(asked: Asked) -> wire.Keys:
    """The workspace's keys, without their secrets."""
    wish: wire.KeyListing = asked.query
    _check_workspace(asked)
    found = [_shown(one) for one in await _all(asked)]
    if wish.sort == "createdAt.desc":
        found.reverse()
    start = next((n for n, one in enumerate(found) if one.id == wish.start_at), 0)
    page, rest = found[start : start + wish.limit], found[start + wish.limit :]
    return wire.Keys(wire.KeyPage(page, rest[0].id if rest else None, bool(rest)))


async def show(asked: Asked) -> wire.OneKey:
    """One key, without its secret."""
    _check_workspace(asked)
    key_id = _key_id(asked)
    return wire.OneKey(_shown(_one_of(await _all(asked), key_id)))


async def create(asked: Asked) -> wire.OneKey:
    """Make a key. Its secret is in this answer and in no later one."""
    wish: wire.NewKey = asked.body
    _check_workspace(asked)
    vault = await asked.vault()
    role = VIEWER if wish.role == "VIEWER" else None

    async def work(tx: Tx) -> NewCredential:
        new = await accounts.create_credential(
            tx, asked.workspace_id, auth.DIALECT, auth.FORM,
            ids=asked.store.ids, vault=vault, role=role, label=wish.display_name,
        )  # fmt: skip
        await accounts.audit(
            tx, asked.workspace_id, ids=asked.store.ids, actor=_actor(asked), action="credential_created",
            credential_id=str(new.credential.credential_id), dialect=auth.DIALECT, role=role,
        )  # fmt: skip
        return new

    new = await asked.transact(work)
    asked.credentials.forget()
    return wire.OneKey(_shown(new.credential, secret=new.secret))


async def archive(asked: Asked) -> wire.OneKey:
    """Archive a key: it opens nothing from now on."""
    _check_workspace(asked)
    key_id = _key_id(asked)

    async def work(tx: Tx) -> Credential:
        _one_of(await accounts.list_credentials(tx, asked.workspace_id), key_id)
        return await accounts.revoke_credential(
            tx, asked.workspace_id, key_id, ids=asked.store.ids, actor=_actor(asked)
        )

    archived = await asked.transact(work)
    asked.credentials.forget()
    return wire.OneKey(_shown(archived))


async def _all(asked: Asked) -> list[Credential]:
    found = await asked.transact(lambda tx: accounts.list_credentials(tx, asked.workspace_id))
    return [one for one in found if one.dialect == auth.DIALECT]


def _one_of(known: list[Credential], key_id: UUID) -> Credential:
    for one in known:
        if one.credential_id == key_id and one.dialect == auth.DIALECT:
            return one
    raise errors.NotFound(_NO_KEY)


def _check_workspace(asked: Asked) -> None:
    if asked.place("workspaceId", mapping.WORKSPACE, "Workspace") != asked.workspace_id:
        raise errors.NotFound("Workspace not found")


def _key_id(asked: Asked) -> UUID:
    return asked.place("apiKeyId", mapping.KEY, "API key")


def _actor(asked: Asked) -> str:
    return model.show_id("crd", asked.credential.credential_id)


def _shown(one: Credential, secret: str | None = None) -> wire.ApiKey:
    return wire.ApiKey(
        id=model.show_id(mapping.KEY, one.credential_id),
        workspace_id=model.show_id(mapping.WORKSPACE, one.workspace_id),
        display_name=one.label or "API key",
        role="VIEWER" if one.role == VIEWER else "EDITOR",
        status="ARCHIVED" if one.revoked else "ACTIVE",
        created_at=mapping.iso_of(one.created_at),
        key_start=one.token_start,
        key=secret,
    )
