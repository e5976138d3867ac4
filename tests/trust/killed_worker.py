"""A worker that sends what is due by SMTP, and is killed at a named point: a process of its own.

`careless`: the mark is written after the mail is handed over, which is how mails are sent twice.
"""

import asyncio
import os
import signal
import sys
from uuid import UUID

import msgspec

from clarion import accounts, channels, messaging
from clarion.accounts import Vaults
from clarion.channels.email.smtp import Smtp
from clarion.db import Address, Addresses, Database
from clarion.model import Ids
from clarion.vault import MasterKey

#: After the final dot, while the server, which takes a second, has not answered.
ANSWER_AWAITED_S = 0.5


class Watched:
    """The provider `smtp`, which says how far it is."""

    def __init__(self, smtp, at, *, careless):
        self._smtp, self._at, self._careless = smtp, at, careless

    async def send(self, message, config, *, committing):
        async def marked():
            await self._at("connected", message.send_id)
            if not self._careless:
                await committing()
            await self._at("before the final dot", message.send_id)
            loop = asyncio.get_running_loop()
            loop.call_later(
                ANSWER_AWAITED_S, lambda: loop.create_task(self._at("after the final dot", message.send_id))
            )

        result = await self._smtp.send(message, config, committing=marked)
        if self._careless:
            await self._at("answered", message.send_id)
            await committing()
        return result

    def again_within_s(self, config):
        return self._smtp.again_within_s(config)


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

    smtp = Smtp(channels.guard(given["allow"]))
    provider = Watched(smtp, at, careless=given["careless"])
    vaults = Vaults(MasterKey(bytes(range(32))), load)
    delivery = messaging.Delivery(database, vaults, Ids(database.now_us), {"smtp": provider}, at=at)
    await delivery.work_off(UUID(given["workspace_id"]))
    await smtp.close()
    await database.close()


asyncio.run(main(msgspec.json.decode(sys.argv[1])))
