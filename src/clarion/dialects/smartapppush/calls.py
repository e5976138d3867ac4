"""What is done at once: whose a push was that somebody tapped, and a device's token that is another one now."""

from uuid import UUID

import msgspec

from clarion import errors, events, messaging, model, profiles
from clarion.accounts import Credential
from clarion.db import Tx
from clarion.dialects._asked import transact
from clarion.dialects._door import Store
from clarion.dialects.smartapppush import mapping, reply
from clarion.dialects.smartapppush.rules import Refreshed
from clarion.dialects.smartapppush.wire import Malformed
from clarion.messaging import StoredSend
from clarion.model import Identity

MESSAGE = "msg"
_PUSHES = ("push", "webpush")  # channels


async def find_push(store: Store, workspace_id: UUID, tracking_token: str) -> tuple[StoredSend, Identity]:
    """The message that a tracking token names, and who got it. Raises Malformed, Unavailable."""
    send_id = model.parse_id(MESSAGE, tracking_token)
    if send_id is None:
        raise Malformed(reply.NO_PUSH)
    vault = await store.vaults.of(workspace_id)

    async def work(tx: Tx) -> tuple[StoredSend, Identity]:
        send = await messaging.read_send(tx, workspace_id, send_id, vault=vault)
        if send.channel not in _PUSHES:
            raise errors.NotFound("it was no push")
        wanted = [] if send.profile_id is None else [send.profile_id]
        for whose in (await profiles.leads_of(tx, workspace_id, wanted, vault=vault)).values():
            return send, whose
        raise errors.NotFound("nobody got it, or they were erased")

    try:
        return await transact(store, workspace_id, work)
    except errors.NotFound as exc:
        raise Malformed(reply.NO_PUSH) from exc


async def refresh_token(store: Store, credential: Credential, wish: Refreshed, namespace: str) -> None:
    """Raises NotFound, AlreadyThere, Unavailable. What is said again changes nothing."""
    workspace_id = credential.workspace_id
    vault = await store.vaults.of(workspace_id)

    async def work(tx: Tx) -> None:
        now_us = await events.begin_write(tx, workspace_id)
        old = await profiles.find_device(tx, workspace_id, wish.old_token, vault=vault)
        new = await profiles.find_device(tx, workspace_id, wish.new_token, vault=vault)
        if old is None:
            raise errors.NotFound(reply.NO_DEVICE)
        if new is not None and old.successor == new.blind:
            return
        if new is not None and not new.anybody and new.root_id != old.root_id:
            raise errors.AlreadyThere(reply.ANOTHERS)
        change = mapping.refreshed(wish, namespace=namespace)
        member = (await events.write_person(tx, workspace_id, change, vault=vault, ids=store.ids)).member
        whose = old.profile_id if wish.user_id is None else member
        device = msgspec.structs.replace(
            old.device, token=wish.new_token, platform=wish.platform or old.device.platform
        )
        await profiles.replace_token(
            tx, workspace_id, old, device, whose, vault=vault, ids=store.ids, now_us=now_us
        )

    await transact(store, workspace_id, work)
