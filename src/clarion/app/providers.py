"""Who carries messages in this installation: kind -> provider, the table that `messaging` is handed."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from clarion import channels
from clarion.accounts import Vaults
from clarion.channels import template
from clarion.channels.email import bounces
from clarion.channels.email.smtp import Smtp
from clarion.channels.mailbox import Mailbox, Transaction
from clarion.channels.template import Template
from clarion.channels.webhook import Webhook
from clarion.config import Settings
from clarion.messaging import Provider, Reporting
from clarion.model import Ids

#: Those that tell later what became of messages.
REPORTING: Mapping[str, Reporting] = {"http": template}
read_returned = bounces.read


@asynccontextmanager
async def providers(
    settings: Settings, transaction: Transaction, vaults: Vaults, ids: Ids
) -> AsyncIterator[Mapping[str, Provider]]:
    """Their connections end with it. `transaction`: one that may write for a workspace. Raises Misconfigured."""
    guard = channels.guard(settings.outbound_allow)
    web, smtp = channels.Web(guard), Smtp(guard)
    try:
        yield {
            "mailbox": Mailbox(transaction, vaults.of, ids),
            "smtp": smtp,
            "http": Template(web),
            "webhook": Webhook(web, time.time),
        }
    finally:
        await smtp.close()
        await web.close()
