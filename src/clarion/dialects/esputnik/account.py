"""What the vendor tells of an account: who it is, which version, what is left to pay with."""

from msgspec import Struct

from clarion import accounts
from clarion.dialects._asked import Asked

_NOBODYS_DOMAIN = "example.com"  # RFC 2606: never anybody's, and clients that check addresses take it


class Info(Struct, frozen=True, rename="camel"):
    """The account. Clients of the vendor want an address in `userEmail` that looks as if mail could go there."""

    org_id: int
    user_email: str
    organisation_name: str


class Version(Struct, frozen=True, rename="camel"):
    """As the vendor says it, as text."""

    version: str
    protocol_version: str


class Balance(Struct, frozen=True, rename="camel"):
    """Amounts as text."""

    current_balance: str
    credit_limit: str
    currency: str
    bonus_emails: str
    bonus_smses: str


async def info(asked: Asked) -> Info:
    """Who the account is; the first thing to try with a new key."""
    workspace = await asked.transact(lambda tx: accounts.read_workspace(tx, asked.workspace_id))
    org_id = int.from_bytes(workspace.workspace_id.bytes[-4:]) & 0x7FFF_FFFF
    local = "".join(c if c.isascii() and c.isalnum() else "-" for c in workspace.name.lower()).strip("-")
    return Info(org_id, f"{local[:64] or 'owner'}@{_NOBODYS_DOMAIN}", workspace.name)


async def version(asked: Asked) -> Version:
    """Which version of the vendor's API is spoken."""
    return Version("20417", "1.0")


async def balance(asked: Asked) -> Balance:
    """Nothing is billed here, so all amounts are zero."""
    return Balance("0.0", "0.0", "USD", "0", "0")
