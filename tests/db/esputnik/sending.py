"""What calls that send are tested with: prepared messages, and the mailbox that a delivery fills."""

import email
import email.policy
from typing import Any

import msgspec

from clarion import messaging
from clarion.channels.mailbox import Mailbox

EMAILS = "/api/v1/messages/email"
STATUS = "/api/v1/message/status?ids="
SHOP = "Shop <shop@example.com>"
#: The page's own examples of what a message reads.
HTML = (
    "<p>$!data.get('discount') off$!data.get('none')</p>"
    "#if($data.get('field_name').equals('0'))<b>zero</b>#end"
    "<ul>#foreach($item in $data.get('items'))<li>$item.get('name'): $item.get('price')</li>#end</ul>"
)


class Outbox:
    """What a workspace sends: `deliver` hands over what is due, `landed` is in its mailbox, oldest first."""

    def __init__(self, database: Any, vaults: Any, ids: Any, tenant: Any) -> None:
        self.database, self.vaults, self.ids, self.tenant = database, vaults, ids, tenant
        self.workspace_id = tenant.workspace_id

    async def deliver(self) -> None:
        providers = {"mailbox": Mailbox(self.database.app, self.vaults.of, self.ids)}
        delivery = messaging.Delivery(self.database, self.vaults, self.ids, providers)  # type: ignore[arg-type]
        await delivery.work_off(self.workspace_id)

    async def landed(self) -> list[Any]:
        await self.deliver()
        async with self.database.app(self.workspace_id) as tx:
            found = await messaging.list_landed(tx, self.workspace_id, vault=self.tenant.vault, limit=2_000)
        return sorted(found, key=lambda one: one.send_id)

    async def sends(self) -> list[Any]:
        async with self.database.app(self.workspace_id) as tx:
            found = await messaging.list_sends(
                tx, self.workspace_id, vault=self.tenant.vault, before=self.ids.next(), limit=2_000
            )
        return list(reversed(found))

    async def counts(self) -> dict[str, int]:
        async with self.database.app(self.workspace_id) as tx:
            found = await messaging.count_sends(tx, self.workspace_id)
        return {state.value: sends for state, sends in found.items() if sends}


async def prepare(ask: Any, channel: str = "email", **wish: Any) -> int:
    """A prepared message, and its id."""
    content = {"subject": "Hello", "htmlText": HTML} if channel == "email" else {"text": "$!data.get('code')"}
    made = await ask("POST", f"/api/v1/messages/{channel}", {"name": f"for {channel}"} | content | wish)
    return int(made["id"])


def said(landed: Any) -> str:
    """What a reader sees: the HTML of a mail, after its From; the whole of anything else."""
    if landed.channel != "email":
        return str(landed.raw.decode())
    mail = email.message_from_bytes(landed.raw, policy=email.policy.default)
    html = mail.get_body(("html",))  # type: ignore[attr-defined]
    return f"From: {mail['From']}\n{html.get_content()}"


def to(locator: Any, **data: Any) -> dict[str, Any]:
    """A recipient with data in text."""
    return {"locator": locator} | ({"jsonParam": msgspec.json.encode(data).decode()} if data else {})


async def smartsend(ask: Any, number: int, *recipients: Any, **wish: Any) -> list[dict[str, Any]]:
    """The results, also where one stands alone."""
    told = await ask("POST", f"/api/v1/message/{number}/smartsend", {"recipients": list(recipients)} | wish)
    return told["results"] if isinstance(told["results"], list) else [told["results"]]
