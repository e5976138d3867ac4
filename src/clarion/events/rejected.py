"""What callers were refused: a sealed sample of each credential's newest, kept beside the hot path."""

from collections import defaultdict, deque
from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from clarion.accounts import Credential, Vaults
from clarion.db import Database, Tx
from clarion.events import store
from clarion.model import Sample, time_us_of
from clarion.vault import Vault

KEPT = 1_000  # of a credential, in memory until they are written and in the table
WAITING_MAX = 10_000  # of this process, so 40 MB of bodies; beyond it samples are let go

Identified = tuple[UUID, Sample]


class KeptSample(Struct, frozen=True, kw_only=True):
    """A rejected item, opened. `body` is its first 4 KB as it came."""

    rejected_us: int
    code: str
    message: str
    body: bytes


class _Sealed(Struct, frozen=True, array_like=True):
    """What nobody reads without the workspace's key; a message may name what the caller sent."""

    message: str
    body: bytes


class Samples:
    """Gathers samples; `write()` brings them to the table, sealed."""

    def __init__(self, database: Database, vaults: Vaults) -> None:
        self._database = database
        self._vaults = vaults
        self._waiting: dict[tuple[UUID, UUID], deque[Identified]] = defaultdict(lambda: deque(maxlen=KEPT))

    def add(self, credential: Credential, samples: Sequence[Identified]) -> None:
        """Keep them until the next `write()`, of each credential the newest; ids rise with time."""
        if samples and self._held() < WAITING_MAX:
            self._waiting[credential.workspace_id, credential.credential_id].extend(samples)

    async def write(self) -> None:
        """Those that wait go to the table. What fails waits for the next time, and is told by an exception."""
        for key in list(self._waiting):
            samples = self._waiting.pop(key)
            try:
                await self._write(*key, list(samples))
            except Exception:
                samples.extend(self._waiting.pop(key, ()))
                self._waiting[key] = samples
                raise

    async def _write(self, workspace_id: UUID, credential_id: UUID, samples: list[Identified]) -> None:
        vault = await self._vaults.of(workspace_id)
        rows = [
            (rejected_id, sample.code, vault.seal(_packed(sample), _place(rejected_id)))
            for rejected_id, sample in samples
        ]
        async with self._database.app(workspace_id) as tx:
            await store.insert_rejected(tx, workspace_id, credential_id, rows)
            await store.trim_rejected(tx, workspace_id, credential_id, KEPT)

    def _held(self) -> int:
        return sum(map(len, self._waiting.values()))


async def list_rejected(
    tx: Tx, workspace_id: UUID, credential_id: UUID, *, vault: Vault, limit: int
) -> list[KeptSample]:
    """What a credential's callers were refused, newest first."""
    rows = await store.select_rejected(tx, workspace_id, credential_id, limit)
    return [_opened(row["rejected_id"], row["code"], row["sealed"], vault) for row in rows]


def _packed(sample: Sample) -> bytes:
    return msgspec.msgpack.encode(_Sealed(sample.message, sample.body))


def _opened(rejected_id: UUID, code: str, sealed: bytes, vault: Vault) -> KeptSample:
    inside = msgspec.msgpack.decode(vault.open(sealed, _place(rejected_id)), type=_Sealed)
    return KeptSample(
        rejected_us=time_us_of(rejected_id), code=code, message=inside.message, body=inside.body
    )


def _place(rejected_id: UUID) -> bytes:
    return b"rejected" + rejected_id.bytes
