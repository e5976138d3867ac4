"""The API Token in `Authorization` (with or without `Bearer`) or in `token`: the vendor does not say which."""

from clarion.accounts import NewCredential, SecretForm
from clarion.dialects._http import Headers

DIALECT = "smartpush"
FORM = SecretForm(prefix="sp_")


def key_in(headers: Headers) -> str | None:
    """The token that the caller shows, or None."""
    given = headers.get(b"authorization", b"").strip() or headers.get(b"token", b"").strip()
    scheme, _, behind = given.partition(b" ")
    shown = behind.strip() if scheme.lower() == b"bearer" else given
    return shown.decode() if shown and shown.isascii() else None


def shown(new: NewCredential) -> dict[str, str]:
    """What the vendor's caller needs."""
    return {"api_token": new.secret}


def curl(base_url: str, key: str) -> str:
    """A first contact, as a command line; `key` may be a shell variable."""
    return (
        f"curl {base_url}/createContact -H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json' "
        """-d '{"email": "ann@example.com", "cus_membership_tier": "gold"}'"""
    )
