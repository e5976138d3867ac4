"""Access tokens: a secret is shown, and a token comes back that opens the same for 14 days."""

from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from clarion import accounts, errors
from clarion.accounts import Credential
from clarion.dialects import _asked
from clarion.dialects._door import Door
from clarion.dialects._entry import Limit, stranger
from clarion.dialects.yotpo import auth, reply, wire

LIMIT = Limit(4 * 1024)
GRANT = "client_credentials"
_FIELDS_MAX = 20
_FORM = b"application/x-www-form-urlencoded"


class Secret(Struct, frozen=True):
    """The store's secret; it may be shown in the header X-Yotpo-Token instead."""

    secret: str | None = None


class Grant(Struct, frozen=True):
    """The same in the words of OAuth; as JSON or as a form. `client_id` is the store's id."""

    client_id: str | None = None
    client_secret: str | None = None
    grant_type: str = GRANT


class Token(Struct, frozen=True):
    """What X-Yotpo-Token shows from now on."""

    access_token: str


class BearerToken(Struct, frozen=True):
    """The same in the words of OAuth; `expires_in`: seconds."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int = auth.TOKEN_S


def read_grant(body: bytes, content_type: bytes) -> Grant:
    """Raises Malformed."""
    if not content_type.lower().startswith(_FORM):
        return wire.read(body, Grant)
    try:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX))
        return msgspec.convert(given, Grant)
    except ValueError as exc:
        raise wire.Malformed("This is not a form that can be read") from exc


def check_grant(grant: Grant) -> None:
    """Raises Malformed."""
    if grant.grant_type != GRANT:
        raise wire.Malformed(f"grant_type must be {GRANT}")


async def holder(door: Door, secret: str | None, store_id: str) -> Credential:
    """Whose the secret is. Raises EndedLate, NotFound."""
    found = None
    if secret and auth.is_secret(secret):
        found = await door.credentials.find(auth.DIALECT, secret)
    if found is None:
        raise stranger(door, lambda: reply.VOICE.declined(wire.Unauthorized(reply.WRONG_SECRET)))
    if not auth.is_of(found, store_id):
        raise errors.NotFound(reply.NO_STORE)
    return found


async def issue(door: Door, credential: Credential) -> str:
    """A new token."""
    store = door.store
    assert store is not None, "the door was composed without what these calls need"
    vault = await store.vaults.of(credential.workspace_id)
    return await _asked.transact(
        store,
        credential.workspace_id,
        lambda tx: accounts.issue_token(
            tx, credential, auth.TOKEN_FORM,
            lifetime_s=auth.TOKEN_S, ids=store.ids, vault=vault, now_us=door.now_us(),
        ),
    )  # fmt: skip
