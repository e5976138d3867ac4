"""The unsubscribed list: e-mail addresses that get nothing in bulk, whoever has them."""

from typing import Annotated

from msgspec import Meta, Struct

from clarion import profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.model import Source
from clarion.profiles import Reason

EMAILS_MAX = 10_000


class Emails(Struct, frozen=True):
    """E-mail addresses."""

    emails: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(min_length=1, max_length=EMAILS_MAX)]


async def add(asked: Asked) -> None:
    """Send nothing in bulk to these addresses, whichever contacts have them; other channels stay."""
    vault = await asked.vault()

    async def work(tx: Tx) -> None:
        await profiles.suppress(
            tx, asked.workspace_id, "email", asked.body.emails,
            reason=Reason.UNSUBSCRIBED, source=Source.ESPUTNIK, vault=vault, ids=asked.store.ids,
        )  # fmt: skip

    await asked.transact(work)


async def remove(asked: Asked) -> None:
    """Let bulk mail go to these addresses again, if nothing else than an unsubscription forbids it."""
    vault = await asked.vault()

    async def work(tx: Tx) -> None:
        await profiles.unsuppress(
            tx, asked.workspace_id, "email", asked.body.emails, reasons=[Reason.UNSUBSCRIBED], vault=vault
        )

    await asked.transact(work)
