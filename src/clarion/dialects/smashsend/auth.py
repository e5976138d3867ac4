"""`Authorization: Bearer sk_live_…`: where the key hides, and how keys that we make look."""

from clarion.accounts import NewCredential, SecretForm
from clarion.dialects._http import Headers

DIALECT = "smashsend"
FORM = SecretForm(prefix="sk_live_")
_KEY_MAX = 256  # characters; ours have 57


def key_in(headers: Headers) -> str | None:
    """The key that the caller shows, or None."""
    scheme, _, key = headers.get(b"authorization", b"").strip().partition(b" ")
    key = key.strip()
    if scheme.lower() != b"bearer" or not 0 < len(key) <= _KEY_MAX or not key.isascii():
        return None
    return key.decode("ascii")


def shown(new: NewCredential) -> dict[str, str]:
    """What the vendor's caller needs."""
    return {"api_key": new.secret}


def curl(base_url: str, key: str) -> str:
    """A first event, as a command line; `key` may be a shell variable."""
    return (
        f"curl {base_url}/v1/events -H 'Content-Type: application/json' -H \"Authorization: Bearer {key}\" "
        """-d '{"event": "user.signup", "identify": {"email": "ann@example.com", "traits": {"firstName": "Ann"}}, """
        """"properties": {"plan": "premium"}}'"""
    )
