"""The unsubscribed list: e-mail addresses that get nothing in bulk, whoever has them."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from clarion import profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.esputnik.wire import Malformed
from clarion.model import Source
from clarion.model.email import canonical_email
from clarion.profiles import Reason

EMAILS_MAX = 10_000
_SHOWN_MAX = 100  # characters of what is no address


class Emails(Struct, frozen=True):
    """E-mail addresses."""

    emails: Annotated[list[Annotated[str, Meta(max_length=320)]], Meta(min_length=1, max_length=EMAILS_MAX)]


async def add(asked: Asked) -> None:
    """Send nothing in bulk to these addresses, whichever contacts have them; other channels stay."""
    _check(asked.body.emails)
    vault = await asked.vault()

    async def work(tx: Tx) -> None:
        await profiles.suppress(
            tx, asked.workspace_id, "email", asked.body.emails,
            reason=Reason.UNSUBSCRIBED, source=Source.ESPUTNIK, vault=vault, ids=asked.store.ids,
        )  # fmt: skip

    await asked.transact(work)


async def remove(asked: Asked) -> None:
    """Let bulk mail go to these addresses again, if nothing else than an unsubscription forbids it."""
    _check(asked.body.emails)
    vault = await asked.vault()

    async def work(tx: Tx) -> None:
        await profiles.unsuppress(
            tx, asked.workspace_id, "email", asked.body.emails, reasons=[Reason.UNSUBSCRIBED], vault=vault
        )

    await asked.transact(work)


def _check(emails: Sequence[str]) -> None:
    """All or none. Raises Malformed."""
    for email in emails:
        if canonical_email(email) is None:
            raise Malformed(f"'{email[:_SHOWN_MAX]}' is not valid email")
