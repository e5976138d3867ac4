"""engine.json: where the embedded PostgreSQL is reached and with which passwords."""

import base64
import hashlib
import hmac
import os
import secrets
import socket
import struct
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from clarion.db.address import Address, Addresses
from clarion.db.engine.account import owner_of, write_whole
from clarion.db.engine.layout import PORT, Places
from clarion.errors import EngineFailed

Role = Literal["admin", "owner", "app"]
DATABASE = "clarion"

_ANSWER_S = 5.0
_WORDS = f"user\0clarion_app\0database\0{DATABASE}\0\0".encode()
#: The start of PostgreSQL's protocol 3.0: length, version, who and where.
_HELLO = struct.pack("!ii", 8 + len(_WORDS), 3 << 16) + _WORDS


class Connection(Struct, frozen=True, kw_only=True):
    """How any process of this user reaches the engine of `data`."""

    data: Path
    socket: Path
    passwords: dict[Role, str]

    def address(self, role: Role) -> Address:
        """The way in as `clarion_admin` (superuser), `clarion_owner` or `clarion_app`."""
        return Address(
            host=str(self.socket),
            port=PORT,
            user=user(role),
            password=self.passwords[role],
            database=DATABASE,
        )

    def addresses(self) -> Addresses:
        """The two ways in that Clarion itself uses."""
        return Addresses(owner=self.address("owner"), app=self.address("app"))

    def accepts(self) -> bool:
        """Whether the server takes connections now (not while it recovers or shuts down).

        Begins to sign in: a server that takes connections asks for the password, others answer with an error.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_ANSWER_S)
            try:
                probe.connect(str(self.socket / f".s.PGSQL.{PORT}"))
                probe.sendall(_HELLO)
                return probe.recv(1) == b"R"
            except OSError:
                return False

    def __repr__(self) -> str:
        return f"Connection(data={self.data!r}, socket={self.socket!r}, passwords=***)"


class _File(Struct, kw_only=True):
    """What engine.json holds."""

    socket: str
    passwords: dict[Role, str]
    version: Literal[1] = 1


def user(role: Role) -> str:
    return f"clarion_{role}"


def new_passwords() -> dict[Role, str]:
    """One of 256 bits for each role."""
    return {role: secrets.token_urlsafe(32) for role in get_args(Role)}


def load(places: Places) -> Connection | None:
    """Read engine.json; None where there is none. Raises EngineFailed where it is not ours or damaged."""
    try:
        file = msgspec.json.decode(places.connection.read_bytes(), type=_File)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as exc:
        raise EngineFailed(
            f"{places.connection} may not be read by this user: run as the user that runs `clarion serve`"
        ) from exc
    except msgspec.DecodeError as exc:
        raise EngineFailed(
            f"{places.connection} is damaged ({exc}): stop Clarion, remove the file and start again; "
            "new passwords are made"
        ) from exc
    return Connection(data=places.data, socket=Path(os.fsdecode(file.socket)), passwords=file.passwords)


def save(connection: Connection) -> None:
    """Write engine.json, 0600, at once; it belongs to the data folder's owner."""
    file = _File(socket=str(connection.socket), passwords=connection.passwords)
    text = msgspec.json.format(msgspec.json.encode(file), indent=2).decode()
    places = Places(connection.data)
    write_whole(places.data, places.connection.name, text + "\n", owner_of(places.data))


def scram_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password, made here so that the password itself is in no statement."""
    return scram_sha_256(password, os.urandom(16))


def scram_sha_256(password: str, salt: bytes, rounds: int = 4096) -> str:
    """RFC 5803's form of an ASCII password."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${rounds}:{encoded[0]}${encoded[1]}:{encoded[2]}"
