"""How a caller of the management API comes in: `Authorization: Bearer clarion_…`."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from clarion.accounts import NewCredential, SecretForm

DIALECT = "manage"
_TOKEN_MAX = 256  # characters; ours have 57


class ManageWay(Struct, frozen=True):
    """A way in beside those of the vendors."""

    form: SecretForm
    shown: Callable[[NewCredential], dict[str, str]]
    buckets: Mapping[str, int]


def shown(new: NewCredential) -> dict[str, str]:
    """What the caller needs."""
    return {"token": new.secret}


WAY = ManageWay(SecretForm(prefix="clarion_"), shown, {})


def token_in(authorization: str) -> str | None:
    """The token in a header's value, or None."""
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not 0 < len(token) <= _TOKEN_MAX or not token.isascii():
        return None
    return token
