"""Where a PostgreSQL is and as whom to come in."""

from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct


class Address(Struct, frozen=True, kw_only=True):
    """One way in. `host` may be the folder of a Unix socket; `role` is taken on after sign-in (SET ROLE)."""

    host: str
    port: int
    user: str
    password: str
    database: str
    role: str | None = None
    url: str | None = None

    def connect_args(self) -> dict[str, Any]:
        """Arguments of `asyncpg.connect`."""
        settings = {"role": self.role} if self.role else {}
        if self.url is not None:
            return {"dsn": self.url, "server_settings": settings}
        return {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "database": self.database,
            "server_settings": settings,
        }


class Addresses(Struct, frozen=True, kw_only=True):
    """The two roles' ways into one database."""

    owner: Address
    app: Address


def of_url(url: str) -> Addresses:
    """Both roles by one sign-in that may take on `clarion_owner` and `clarion_app`."""
    parts = urlsplit(url)

    def as_role(role: str) -> Address:
        return Address(
            host=unquote(parts.hostname or ""),
            port=parts.port or 5432,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")),
            role=role,
            url=url,
        )

    return Addresses(owner=as_role("clarion_owner"), app=as_role("clarion_app"))
