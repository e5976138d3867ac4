"""An erasure finds messages by where a person was reached, also what went there before they were anybody."""

from datetime import UTC, datetime

import pytest

from clarion import events, messaging, profiles
from clarion.app.handlers import handlers
from clarion.channels.mailbox import Mailbox
from clarion.jobs import Queue
from clarion.messaging import Cause, Email, MessageClass, PlannedSend, Text
from clarion.model import Dedup, Identity, IdentityKind, Mode, Offer, ProfileChange, Reach, Source, parse_id

ANN, BOB, PHONE = "ann@example.com", "bob@example.com", "+380501234567"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
WORDS = "a secret of Ann's"


class House:
    """One workspace with its mailbox."""

    def __init__(self, database, tenant, vaults, ids):
        self.database, self.tenant, self.vaults, self.ids = database, tenant, vaults, ids
        self._keys = 0

    async def send(self, to, *, channel="email", **more):
        """Planned, and handed over if it is due."""
        self._keys += 1
        content = Email(subject=WORDS, html=WORDS) if channel == "email" else Text(text=WORDS)
        wish = PlannedSend(
            key=str(self._keys), channel=channel, recipient=to, content=content,
            **{"cause": Cause("call"), "message_class": MessageClass.TRANSACTIONAL} | more,
        )  # fmt: skip
        async with self.database.app(self.tenant.workspace_id) as tx:
            (planned,) = await messaging.plan(
                tx, self.tenant.workspace_id, [wish], vault=self.tenant.vault, ids=self.ids
            )
        box = {"mailbox": Mailbox(self.database.app, self.vaults.of, self.ids)}
        await messaging.Delivery(self.database, self.vaults, self.ids, box).work_off(self.tenant.workspace_id)
        return planned.send_id

    async def kept(self, *send_ids):
        """Of each whether anything is left of what it said, to whom, and what came back."""
        found = []
        async with self.database.app(self.tenant.workspace_id) as tx:
            landed = await messaging.list_landed(
                tx, self.tenant.workspace_id, vault=self.tenant.vault, limit=99
            )
            for send_id in send_ids:
                one = await messaging.read_send(
                    tx, self.tenant.workspace_id, send_id, vault=self.tenant.vault
                )
                told = [one.recipient, one.kept.content, *(line.said for line in one.attempts)]
                found.append(any(told) or send_id in {box.send_id for box in landed})
        return found

    async def erase(self, profile_id, *, by_address=True):
        """Whole; without `by_address` as if messages were found by their profile alone."""
        workspace_id = self.tenant.workspace_id
        async with self.database.owner() as tx:
            receipt = await events.erase_person(
                tx, workspace_id, profile_id, actor="test", vault=self.tenant.vault, ids=self.ids
            )
            if not by_address:
                fact = profiles.Erased(receipt.erasure_id, [profile_id], receipt.erased_us)
                await tx.execute(
                    "UPDATE job SET payload = $2 WHERE workspace_id = $1", workspace_id,
                    profiles.pack_erased(fact),
                )  # fmt: skip
        await Queue(self.database, handlers(self.vaults, self.ids), self.ids).work_off(workspace_id)
        async with self.database.app(workspace_id) as tx:
            (receipt,) = await profiles.list_erasures(tx, workspace_id, receipt.erasure_id)
        assert receipt.complete
        return receipt.lines["messaging"]


@pytest.fixture
def house(database, tenant, vaults, ids):
    return House(database, tenant, vaults, ids)


@pytest.fixture
def meet(database, tenant, ingest, process_all):
    """Somebody becomes known by an e-mail, and is reached elsewhere as well."""

    async def do(who, *reaches):
        identity = Identity(IdentityKind.EMAIL, "", who)
        change = ProfileChange(
            identities=(identity,),
            reaches=tuple(Reach(channel, value) for channel, value in reaches),
        )  # fmt: skip
        offer = Offer(change, Dedup(Mode.NONE))
        await ingest.offer(tenant.credential, Source.SMASHSEND, [offer])
        await process_all(tenant)
        async with database.app(tenant.workspace_id) as tx:
            found = await profiles.find_by_identity(tx, tenant.workspace_id, identity, vault=tenant.vault)
        return parse_id("prf", found.id)

    return do


@pytest.mark.parametrize("by_address", [True, False], ids=["by address", "control"])
async def test_what_went_to_an_address_before_its_person_was_known_goes_with_them(house, meet, by_address):
    sent, waiting = await house.send(ANN), await house.send(ANN, due_at=LATER)
    told = messaging.store.ReportRow(
        send_id=sent, state="delivered", hard=False, origin="provider", heard_us=1, said=WORDS.encode()
    )
    async with house.database.app(house.tenant.workspace_id) as tx:
        await messaging.store.note_reports(tx, house.tenant.workspace_id, [told], vault=house.tenant.vault)
    bobs = await house.send(BOB)
    ann = await meet(ANN)
    line = await house.erase(ann, by_address=by_address)
    assert line == ({"messages": 2, "messages in the mailbox": 1} if by_address else dict.fromkeys(line, 0))
    assert await house.kept(sent, waiting, bobs) == [not by_address, not by_address, True]
    async with house.database.app(house.tenant.workspace_id) as tx:
        (report,) = await messaging.read_reports(
            tx, house.tenant.workspace_id, sent, vault=house.tenant.vault
        )
        counts = await messaging.count_sends(tx, house.tenant.workspace_id)
    assert report.state == "delivered"
    assert report.said is None or not by_address
    assert sum(counts.values()) == 3


async def test_a_phone_is_found_on_every_channel_that_reaches_it(house, meet):
    sms, viber = (
        await house.send(PHONE, channel="sms"),
        await house.send("+38 (050) 123-45-67", channel="viber"),
    )
    await house.erase(await meet(ANN, ("sms", PHONE)))
    assert await house.kept(sms, viber) == [False, False]


async def test_what_went_to_an_e_mail_that_was_replaced_goes_too(house, meet):
    before = await house.send(ANN)
    ann = await meet(ANN)
    async with house.database.owner() as tx:
        await events.update_person(
            tx, house.tenant.workspace_id, ann, profiles.Update(email=BOB),
            vault=house.tenant.vault, ids=house.ids,
        )  # fmt: skip
    after = await house.send(BOB)
    await house.erase(ann)
    assert await house.kept(before, after) == [False, False]


async def test_at_an_address_that_somebody_else_has_too_theirs_stay(house, meet):
    ann, bob = await meet(ANN, ("sms", PHONE)), await meet(BOB, ("sms", PHONE))
    nobodys = await house.send(PHONE, channel="sms")
    anns, bobs = [await house.send(PHONE, channel="sms", profile_id=who) for who in (ann, bob)]
    await house.erase(ann)
    assert await house.kept(nobodys, anns, bobs) == [False, False, True]


async def test_what_is_written_after_an_erasure_stays(house, meet):
    ann = await meet(ANN)
    async with house.database.owner() as tx:
        receipt = await events.erase_person(
            tx, house.tenant.workspace_id, ann, actor="test", vault=house.tenant.vault, ids=house.ids
        )
        await tx.execute(
            "UPDATE job SET payload = $2 WHERE workspace_id = $1", house.tenant.workspace_id,
            profiles.pack_erased(
                profiles.Erased(
                    receipt.erasure_id, [ann], receipt.erased_us - 5_000_000,
                    addresses=[messaging.store.blind_of(house.tenant.vault, "email", ANN)],
                )
            ),
        )  # fmt: skip
    after = await house.send(ANN)
    await Queue(house.database, handlers(house.vaults, house.ids), house.ids).work_off(
        house.tenant.workspace_id
    )
    assert await house.kept(after) == [True]
