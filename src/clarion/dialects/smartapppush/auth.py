"""`"api_key": "…"` in the body: where the key hides, whose account is meant, and how keys look."""

from uuid import UUID

from clarion.accounts import Credential, NewCredential, SecretForm
from clarion.dialects.smartapppush.wire import Malformed, Told

DIALECT = "smartapppush"
FORM = SecretForm(prefix="sap_")
SELF = "self"  # ours: the account of the key
_KEY_MAX = 256  # characters; ours have 53


def key_in(told: Told) -> str | None:
    """The key that the caller shows, or None where it can be nobody's. Raises Malformed where there is none."""
    for name in ("tenant_id", "api_key"):
        if told.get(name) in (None, ""):
            raise Malformed(f"{name} is required")
        if not isinstance(told[name], str):
            raise Malformed(f"{name} must be a text")
    key: str = told["api_key"]
    return key if len(key) <= _KEY_MAX and key.isascii() else None


def tenant_id(workspace_id: UUID) -> str:
    """The id of a workspace's account; the same for all its credentials."""
    return workspace_id.hex


def is_of(credential: Credential, told: Told) -> bool:
    """Whether the account that is named is the key's."""
    return told["tenant_id"] in (tenant_id(credential.workspace_id), SELF)


def shown(new: NewCredential) -> dict[str, str]:
    """What the vendor's caller needs."""
    return {"tenant_id": tenant_id(new.credential.workspace_id), "api_key": new.secret}


def curl(base_url: str, key: str) -> str:
    """A first event, as a command line; `key` may be a shell variable."""
    return (
        f"curl {base_url}/events -H 'Content-Type: application/json' "
        f"""-d '{{"tenant_id": "{SELF}", "api_key": "'"{key}"'", """
        """"app_user_id": "user_123", "event_name": "app_opened", "event_time": "'"$(date -u +%FT%TZ)"'", """
        """"device_token": "the-devices-own", "platform": "android", "push_permission_granted": true, """
        """"timezone": "Europe/Istanbul", "language": "tr", "country": "TR", "session_id": "sess_1"}'"""
    )
