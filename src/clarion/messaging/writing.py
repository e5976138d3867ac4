"""Due sends are written: the person is read, the template filled. What cannot be written says why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

from clarion import errors, profiles
from clarion.accounts import Workspace
from clarion.db import Tx
from clarion.messaging import rendering, store
from clarion.messaging.links import Links, Reader
from clarion.messaging.port import Channel, Content
from clarion.messaging.rendering import Reading, Unwritable
from clarion.messaging.store import Claimed
from clarion.vault import Vault

#: On which of a person's addresses a channel reaches them.
ADDRESS_OF: Mapping[Channel, str] = {"email": "email", "sms": "sms", "viber": "sms"}
_NAMES = available_timezones()
NOWHERE = ""  #: the recipient of a webhook: its provider's own URL


class Written(Struct, frozen=True, kw_only=True):
    """A send, ready but for the decision. `recipient` None: no address; `content` None: `unwritable` says why."""

    claimed: Claimed
    person: bool
    recipient: str | None
    blind: UUID | None
    zone: ZoneInfo | None
    content: Content | None
    unwritable: str = ""
    links: Mapping[str, str] = {}


class _Person(Struct, frozen=True):
    """What a message needs of somebody. `address`: where its channel reaches them."""

    traits: Mapping[str, Any]
    address: str | None


async def write(
    tx: Tx,
    workspace: Workspace,
    claimed: Sequence[Claimed],
    *,
    vault: Vault,
    links: Links | None,
    now: datetime,
) -> list[Written]:
    """Read what they need and fill their templates; one that cannot be written never touches another.

    `links`: where readers answer; None: nowhere.
    """
    texts: dict[tuple[UUID, int], dict[str, Content]] = {}
    people = await _people(tx, workspace.workspace_id, claimed, vault=vault)
    written = []
    for send in claimed:
        found = None if send.profile_id is None else people.get(send.profile_id)
        if send.template_id is not None and send.version is not None:
            version = (send.template_id, send.version)
            if version not in texts:
                texts[version] = await store.read_texts(tx, workspace.workspace_id, *version)
            source = rendering.in_language(texts[version], _language(send, found))
        elif send.kept.content is not None:
            source = send.kept.content
        else:
            raise errors.Invalid("a send without template and content")
        written.append(_written(workspace, send, found, source, vault=vault, links=links, now=now))
    return written


async def _people(
    tx: Tx, workspace_id: UUID, claimed: Sequence[Claimed], *, vault: Vault
) -> dict[UUID, _Person]:
    """Whom some sends of a channel are for, by the member that they name; nobody who was erased."""
    asked = {send.profile_id for send in claimed if send.profile_id is not None}
    if not asked:
        return {}
    kin = await profiles.kin_of(tx, workspace_id, asked, vault=vault)
    channel = claimed[0].channel
    reached = await profiles.reach_of_kin(
        tx, workspace_id, kin.values(), ADDRESS_OF.get(channel, channel), vault=vault
    )
    return {member: _Person(one.traits, reached.get(one.root_id)) for member, one in kin.items()}


def _written(
    workspace: Workspace,
    send: Claimed,
    found: _Person | None,
    source: Content,
    *,
    vault: Vault,
    links: Links | None,
    now: datetime,
) -> Written:
    traits = {} if found is None else found.traits
    recipient = send.kept.recipient or _address(send.channel, found)
    blind = store.blind_of(vault, send.channel, recipient) if recipient else None
    zone = _zone(traits.get("timezone")) or _zone(workspace.zone)
    answers: Mapping[str, str] = {}
    if links is not None and blind is not None:
        reader = Reader(
            workspace_id=workspace.workspace_id, send_id=send.send_id, channel=send.channel, blind=blind
        )
        answers = links.printed(vault, reader)
    reading = Reading(
        data=send.kept.data, profile=traits, event=send.kept.event, order=send.kept.order, links=answers
    )
    content, unwritable = None, ""
    try:
        content = (
            source if send.template_id is None else rendering.render(source, reading, now=now, zone=zone)
        )
    except Unwritable as exc:
        unwritable = str(exc)
    return Written(
        claimed=send,
        person=send.profile_id is None or found is not None,
        recipient=recipient,
        blind=blind,
        zone=zone,
        content=content,
        unwritable=unwritable,
        links=answers,
    )


def _address(channel: Channel, found: _Person | None) -> str | None:
    if channel == "webhook":
        return NOWHERE
    return None if found is None else found.address


def _language(send: Claimed, found: _Person | None) -> str | None:
    language = send.kept.language or ({} if found is None else found.traits).get("language")
    return language if isinstance(language, str) else None


def _zone(name: object) -> ZoneInfo | None:
    """By its name in the list of zones; other texts (`FOO+99`, a path) are none."""
    if not isinstance(name, str) or name not in _NAMES:
        return None
    return ZoneInfo(name)
