"""A worker that sends what is due through a file, and is killed at a named point: a process of its own.

The file is the provider: a line a message, on disk before the answer. It knows no repeats, as plain SMTP does not.
`careless`: the mark is written after the message is handed over, which is how messages are sent twice.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

import msgspec

from clarion import accounts, messaging
from clarion.accounts import Vaults
from clarion.db import Address, Addresses, Database
from clarion.messaging.port import Accepted
from clarion.model import Ids
from clarion.vault import MasterKey


class File:
    def __init__(self, path, at, *, careless):
        self._path, self._at, self._careless = path, at, careless

    async def check(self, config):
        pass

    async def send(self, message, config, *, committing):
        await self._at("connected", message.send_id)
        if not self._careless:
            await committing()
            await self._at("before the final dot", message.send_id)
        with self._path.open("a") as file:
            file.write(f"{message.send_id}\n")
            file.flush()
            os.fsync(file.fileno())
        await self._at("after the final dot", message.send_id)
        if self._careless:
            await committing()
        return Accepted(None)

    def again_within_s(self, config):
        return 0


async def main(given):
    address = {name: Address(**found) for name, found in given["addresses"].items()}
    database = await Database.open(Addresses(**address), owner=6)
    seen = 0

    async def at(point, _send_id):
        nonlocal seen
        seen += point == given["point"]
        if seen > given["passes"] and point == given["point"]:
            os.kill(os.getpid(), signal.SIGKILL)

    async def load(workspace_id):
        async with database.owner() as tx:
            return await accounts.load_data_key(tx, workspace_id)

    provider = File(Path(given["file"]), at, careless=given["careless"])
    vaults = Vaults(MasterKey(bytes(range(32))), load)
    delivery = messaging.Delivery(database, vaults, Ids(database.now_us), {"mailbox": provider}, at=at)
    await delivery.work_off(UUID(given["workspace_id"]))
    await database.close()


asyncio.run(main(msgspec.json.decode(sys.argv[1])))
