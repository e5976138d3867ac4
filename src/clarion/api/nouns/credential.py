"""Credentials: made, shown, revoked, limited. Tokens of the management API are the owner's business alone."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, errors, events, model
from clarion.accounts import Credential, Role
from clarion.api import auth, views
from clarion.api.nouns._fields import Label, Limit, Text
from clarion.api.ports import Call, Forbidden, Nothing, Way, id_of
from clarion.db import Tx

PER_MINUTE_MAX = 1_000_000


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """One credential by its id."""

    credential_id: str


class Create(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new credential: for callers of a vendor's API, or (`manage`) of this one, then with a role."""

    dialect: Text
    role: Role | None = None
    label: Label = ""


class Rejections(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest items that a credential's callers were refused."""

    credential_id: str
    limit: Limit = 50


class Used(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which credential; of all by default."""

    credential_id: str | None = None


class SetRates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests a minute (0: no limit) for one or all of a dialect's credentials, in one or all of its buckets."""

    dialect: Text
    per_minute: Annotated[int, Meta(ge=0, le=PER_MINUTE_MAX)]
    bucket: Text | None = None
    credential_id: str | None = None


async def list_all(call: Call, wish: Nothing) -> list[views.Credential]:
    """All credentials of the workspace without their secrets, oldest first; revoked ones too."""
    async with call.app() as tx:
        found = await accounts.list_credentials(tx, call.workspace_id)
    return [views.credential(one) for one in found]


async def show(call: Call, wish: One) -> views.Credential:
    """One credential without its secret."""
    async with call.app() as tx:
        return views.credential(await _find(tx, call, wish))


async def create(call: Call, wish: Create) -> dict[str, str]:
    """Make a credential. The answer holds what its caller needs, by the names that the vendor uses."""
    way = _way(call, wish.dialect)
    if (wish.role is not None) != (wish.dialect == auth.DIALECT):
        raise errors.Invalid(f"a role belongs to credentials of {auth.DIALECT}, and each of those needs one")
    _check_may(call, wish.dialect)
    vault = await call.vault()
    async with call.app() as tx:
        new = await accounts.create_credential(
            tx, call.workspace_id, wish.dialect, way.form,
            ids=call.ports.ids, vault=vault, role=wish.role, label=wish.label,
        )  # fmt: skip
        await _audit(tx, call, "credential_created", new.credential, role=wish.role)
        name = (await accounts.read_workspace(tx, call.workspace_id)).name
    call.ports.credentials_changed()
    return views.issued(new, name, way.shown)


async def reveal(call: Call, wish: One) -> dict[str, str]:
    """The credential with its secret; the audit notes who looked."""
    vault = await call.vault()
    async with call.app() as tx:
        one = await _find(tx, call, wish)
        _check_may(call, one.dialect)
        new = await accounts.reveal_credential(
            tx, call.workspace_id, one.credential_id, ids=call.ports.ids, vault=vault, actor=call.actor
        )
        name = (await accounts.read_workspace(tx, call.workspace_id)).name
    return views.issued(new, name, _way(call, one.dialect).shown)


async def use(call: Call, wish: Used) -> list[views.CredentialUse]:
    """What callers used of their limits in the last hour, by credential and bucket."""
    since_us = call.ports.database.now_us() - accounts.HOUR_US
    async with call.app() as tx:
        if wish.credential_id is None:
            asked = await accounts.list_credentials(tx, call.workspace_id)
        else:
            asked = [await _find(tx, call, One(wish.credential_id))]
        known = {one.credential_id: one for one in asked}
        found = await accounts.use_of_limits(
            tx, call.workspace_id, since_us=since_us, credential_ids=list(known)
        )
    return [
        views.credential_use(used, one, _limit(call, one, used.bucket))
        for used in found
        for one in [known[used.credential_id]]
    ]


async def rejected(call: Call, wish: Rejections) -> list[views.Rejected]:
    """What its callers were refused and why, newest first; the audit notes who looked."""
    vault = await call.vault()
    async with call.app() as tx:
        one = await _find(tx, call, One(wish.credential_id))
        found = await events.list_rejected(
            tx, call.workspace_id, one.credential_id, vault=vault, limit=wish.limit
        )
        await _audit(tx, call, "rejected_opened", one)
    return [views.rejected(sample) for sample in found]


async def revoke(call: Call, wish: One) -> views.Credential:
    """From now on the credential opens nothing. It cannot be taken back."""
    async with call.app() as tx:
        one = await _find(tx, call, wish)
        _check_may(call, one.dialect)
        revoked = await accounts.revoke_credential(
            tx, call.workspace_id, one.credential_id, ids=call.ports.ids, actor=call.actor
        )
    call.ports.credentials_changed()
    return views.credential(revoked)


async def set_rates(call: Call, wish: SetRates) -> list[views.Credential]:
    """Change rate limits; the answer is the credentials that were changed."""
    buckets = _buckets(_way(call, wish.dialect).buckets, wish)
    credential_id = None if wish.credential_id is None else _id(wish.credential_id)
    rates = dict.fromkeys(buckets, wish.per_minute)
    async with call.app() as tx:
        changed = await accounts.set_rate(tx, call.workspace_id, wish.dialect, rates, credential_id)
        for one in changed:
            await _audit(tx, call, "credential_rates_set", one, rates=rates)
    call.ports.credentials_changed()
    return [views.credential(one) for one in changed]


def _id(text: str) -> UUID:
    return id_of(views.CREDENTIAL, text, "credential")


async def _find(tx: Tx, call: Call, wish: One) -> Credential:
    credential_id = _id(wish.credential_id)
    for one in await accounts.list_credentials(tx, call.workspace_id):
        if one.credential_id == credential_id:
            return one
    raise errors.NotFound("there is no such credential in this workspace")


def _way(call: Call, dialect: str) -> Way:
    ways: Mapping[str, Way] = {**call.ports.dialects, auth.DIALECT: auth.WAY}
    if dialect not in ways:
        raise errors.Invalid(f"there is no dialect {dialect}; there is: {', '.join(ways)}")
    return ways[dialect]


def _limit(call: Call, one: Credential, bucket: str) -> int | None:
    """Requests a minute, 0 for any number; None where the dialect has no such bucket any more."""
    return one.rates.get(bucket, _way(call, one.dialect).buckets.get(bucket))


def _check_may(call: Call, dialect: str) -> None:
    """A developer must not come by an owner's token."""
    if dialect == auth.DIALECT and call.role not in accounts.OWNERS:
        raise Forbidden(f"only an owner may do this with credentials of {auth.DIALECT}")


def _buckets(known: Mapping[str, int], wish: SetRates) -> list[str]:
    if not known:
        raise errors.Invalid(f"{wish.dialect} has no rate limits")
    if wish.bucket is None:
        return list(known)
    if wish.bucket not in known:
        raise errors.Invalid(f"{wish.dialect} has no bucket {wish.bucket}; it has: {', '.join(known)}")
    return [wish.bucket]


async def _audit(tx: Tx, call: Call, action: str, one: Credential, **detail: object) -> None:
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action,
        credential_id=model.show_id(views.CREDENTIAL, one.credential_id), dialect=one.dialect, **detail,
    )  # fmt: skip
