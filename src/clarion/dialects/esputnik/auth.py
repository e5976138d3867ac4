"""`Authorization: Basic …`: any user name or none, and the key as the password."""

import binascii
from base64 import b64decode

from clarion.accounts import NewCredential, SecretForm
from clarion.dialects._http import Headers

DIALECT = "esputnik"
FORM = SecretForm(prefix="esp_")
_SHOWN_MAX = 1_024  # characters of user name and key in base64


def key_in(headers: Headers) -> str | None:
    """The key that the caller shows, or None."""
    scheme, _, shown = headers.get(b"authorization", b"").strip().partition(b" ")
    if scheme.lower() != b"basic" or len(shown) > _SHOWN_MAX:
        return None
    try:
        _, colon, key = b64decode(shown.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None
    return key.decode() if colon and key.isascii() and key else None


def shown(new: NewCredential) -> dict[str, str]:
    """What the vendor's caller needs: the password beside any user name."""
    return {"api_key": new.secret}


def curl(base_url: str, key: str) -> str:
    """A first event, as a command line; `key` may be a shell variable."""
    return (
        f"curl {base_url}/api/v1/event -H 'Content-Type: application/json' -u \"user:{key}\" "
        """-d '{"eventTypeKey": "testEvent", "keyValue": "ann@example.com", """
        """"params": [{"name": "discount", "value": "5%"}]}'"""
    )
