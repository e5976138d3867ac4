"""`X-Yotpo-Token: …`: where the token hides, which store is meant, and how secrets and tokens look."""

from uuid import UUID

from clarion.accounts import Credential, NewCredential, SecretForm
from clarion.dialects._http import Headers

DIALECT = "yotpo"
FORM = SecretForm(prefix="yos_")
TOKEN_FORM = SecretForm(prefix="yot_")
TOKEN_S = 14 * 86_400  # the vendor's tokens end after 14 days
STORE = "/core/v3/stores/{store_id}"
SELF = "self"  # ours: the store of the token
_KEY_MAX = 256  # characters; ours have 53


def key_in(headers: Headers) -> str | None:
    """The token or the secret that the caller shows, or None; the vendor's page hides the header's name."""
    key = headers.get(b"x-yotpo-token", b"").strip()
    if not key:
        scheme, _, bearer = headers.get(b"authorization", b"").strip().partition(b" ")
        key = bearer.strip() if scheme.lower() == b"bearer" else b""
    return key.decode() if 0 < len(key) <= _KEY_MAX and key.isascii() else None


def is_secret(key: str) -> bool:
    """Whether it may be shown for a token: a token may not, or it would never end."""
    return len(key) <= _KEY_MAX and key.startswith(FORM.prefix)


def app_key(workspace_id: UUID) -> str:
    """The id of a workspace's store; the same for all its credentials."""
    return workspace_id.hex


def is_of(credential: Credential, store_id: str) -> bool:
    """Whether the store is the caller's."""
    return store_id in (app_key(credential.workspace_id), SELF)


def shown(new: NewCredential) -> dict[str, str]:
    """What the vendor's caller needs."""
    return {"app_key": app_key(new.credential.workspace_id), "secret": new.secret}


def curl(base_url: str, key: str) -> str:
    """A first event, as a command line; `key` may be a shell variable."""
    return (
        f"curl -X PATCH {base_url}/core/v3/stores/{SELF}/customer_events -H 'Content-Type: application/json' "
        f'-H "X-Yotpo-Token: {key}" '
        """-d '{"type": "order_shipped", "unique_id": "shipped-100500", """
        """"customer": {"email": "ann@example.com"}, "properties": {"carrier": "DHL"}}'"""
    )
