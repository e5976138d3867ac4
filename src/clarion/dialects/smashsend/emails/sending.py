"""E-mails: one is planned in one transaction, and answered when that is committed."""

from uuid import UUID

from clarion import errors, events, messaging, model, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects.smashsend.emails import mapping, templates, wire
from clarion.dialects.smashsend.emails.mapping import Wanted
from clarion.messaging import Cause, MessageClass, Planned, PlannedSend, StoredSend
from clarion.model import Identity, IdentityKind
from clarion.vault import Vault

_NOTHING = "Email not found"
_OTHER_WISH = '"idempotencyKey" was used for another email'


async def send(asked: Asked) -> wire.OneEmail:
    """Send an e-mail, raw or by a template; under an idempotencyKey once, however often it is asked for."""
    wish: wire.Email = asked.body
    wanted = mapping.wanted(wish, asked.store.database.now_us())
    asked.ingest.admit(1)
    vault = await asked.vault()
    once = f"once {asked.store.ids.next()}" if wish.idempotency_key is None else f"key {wish.idempotency_key}"
    key = f"smashsend email {once}"

    async def work(tx: Tx) -> Planned:
        before = await messaging.find_planned(tx, asked.workspace_id, key, wish=wanted.wish, vault=vault)
        return _same(before or await _plan(tx, asked, wanted, key, vault))

    found = await asked.transact(work)
    return wire.OneEmail(mapping.planned(wish, model.show_id(mapping.MESSAGE, found.send_id)))


async def show(asked: Asked) -> wire.OneEmail:
    """What became of an e-mail, by its messageId; also of those that automations sent."""
    send_id = asked.place("messageId", mapping.MESSAGE, "Email")
    vault = await asked.vault()

    async def work(tx: Tx) -> tuple[StoredSend, str | None]:
        try:
            found = await messaging.read_send(tx, asked.workspace_id, send_id, vault=vault)
        except errors.NotFound as exc:
            raise errors.NotFound(_NOTHING) from exc
        if found.channel != "email":
            raise errors.NotFound(_NOTHING)
        if found.template_id is None:
            return found, None
        held = await messaging.find_templates(tx, asked.workspace_id, [found.template_id])
        return found, next((one.name for one in held.values()), None)

    return wire.OneEmail(mapping.email(*await asked.transact(work)))


def _same(planned: Planned) -> Planned:
    if not planned.same:
        raise errors.AlreadyThere(_OTHER_WISH)
    return planned


async def _plan(tx: Tx, asked: Asked, wanted: Wanted, key: str, vault: Vault) -> Planned:
    await messaging.refuse_when_full(
        tx, asked.workspace_id, "email", most=asked.store.outbox_max, now_us=asked.store.database.now_us()
    )
    # Nobody is erased between their address and their message.
    await events.begin_write(tx, asked.workspace_id)
    template_id = None if wanted.template is None else await templates.find(tx, asked, wanted.template)
    send = PlannedSend(
        key=key,
        cause=Cause("call", asked.credential.credential_id),
        channel="email",
        template_id=template_id,
        content=wanted.content,
        profile_id=await _person(tx, asked, wanted, vault),
        recipient=wanted.recipient,
        message_class=MessageClass.TRANSACTIONAL,
        data=wanted.variables,
        sender=wanted.sender,
        sender_name=wanted.sender_name,
        reply_to=wanted.reply_to,
        tags=(wanted.group,) if wanted.group else (),
        due_at=wanted.due_at,
        wish=wanted.wish,
    )
    (planned,) = await messaging.plan(tx, asked.workspace_id, [send], vault=vault, ids=asked.store.ids)
    return planned


async def _person(tx: Tx, asked: Asked, wanted: Wanted, vault: Vault) -> UUID | None:
    """Who has the address: an erasure finds what was written to them. Nobody is made without contactProperties."""
    if wanted.contact is not None:
        change = wanted.contact.change()
        return (
            await events.write_person(tx, asked.workspace_id, change, vault=vault, ids=asked.store.ids)
        ).member
    identity = Identity(IdentityKind.EMAIL, "", wanted.recipient)
    found = await profiles.find_person(tx, asked.workspace_id, identity, vault=vault)
    return found.profile_id if found else None
