"""Profiles: found by an identity, shown with their events and changes."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from clarion import accounts, automations, errors, events, jobs, messaging, model, orders, profiles
from clarion.api import views
from clarion.api.audience_views import ProfilePage, listed, profile_page, suppression
from clarion.api.automation_views import run_of
from clarion.api.consent_views import Consent
from clarion.api.message_views import message
from clarion.api.nouns._fields import Before, Limit, Text
from clarion.api.nouns.consent import said_by
from clarion.api.order_views import WholeExport, order
from clarion.api.ports import Call, Nothing, id_before, id_of
from clarion.db import Tx
from clarion.messaging import CHANNELS, To
from clarion.model import Identity, IdentityKind
from clarion.model.email import canonical_email
from clarion.profiles import FoundProfile, Having, StoredChange
from clarion.vault import Vault

EXPORTED_EVENTS = 1_000  # in one answer; the rest in pages
CHANGES_MAX = 1_000_000
ORDERS_MAX = 100_000
MESSAGES_MAX = 100_000
RUNS_MAX = 100_000
_Value = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Find(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of the three. `namespace` says whose ids an external id is one of; without it each dialect's."""

    email: _Value | None = None
    phone: _Value | None = None
    external_id: _Value | None = None
    namespace: Text | None = None


class Listed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of all people, or of those whose `trait` is `value`."""

    trait: Text | None = None
    value: Text | None = None
    limit: Limit = 50
    before: Before | None = None


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People by first or last name."""

    first_name: _Value | None = None
    last_name: _Value | None = None
    limit: Limit = 50


class One(Struct, frozen=True, forbid_unknown_fields=True):
    """A profile by its id, or by that of any of its members."""

    profile_id: str


class OneErasure(Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt by its id."""

    erasure_id: str


class Timeline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a profile's events."""

    profile_id: str
    limit: Limit = 50
    before: Before | None = None


class History(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest changes of a profile."""

    profile_id: str
    limit: Limit = 50


class Merge(Struct, frozen=True, forbid_unknown_fields=True):
    """Two people, each by the id of any member."""

    profile_id: str
    other_id: str


class Parted(Struct, frozen=True):
    """Who was one person: the member that was parted, and the others."""

    parted: FoundProfile
    others: FoundProfile


async def find(call: Call, wish: Find) -> FoundProfile:
    """The profile that an e-mail, a phone or an external id identifies."""
    vault = await call.vault()
    async with call.app() as tx:
        found = await sought(tx, call.workspace_id, wish, vault=vault)
    if found is None:
        raise errors.NotFound("nobody in this workspace is identified by that")
    return found


async def find_named(call: Call, wish: Named) -> list[FoundProfile]:
    """The people with this first name, this last name, or both, whatever their case."""
    if wish.first_name is None and wish.last_name is None:
        raise errors.Invalid("give first_name, last_name or both")
    vault = await call.vault()
    async with call.app() as tx:
        roots = await profiles.find_by_name(
            tx, call.workspace_id, first=wish.first_name, last=wish.last_name, vault=vault, limit=wish.limit
        )
        found = [await profiles.read_profile(tx, call.workspace_id, root, vault=vault) for root in roots]
    return [one for one in found if one is not None]


async def list_page(call: Call, wish: Listed) -> ProfilePage:
    """People, newest first."""
    if (wish.trait is None) != (wish.value is None):
        raise errors.Invalid("give trait and value together")
    vault = await call.vault()
    before = id_before(views.PROFILE, wish.before, "profile")
    async with call.app() as tx:
        having = None
        if wish.trait is not None and wish.value is not None:
            having = await _having(tx, call.workspace_id, wish.trait, wish.value)
        found = await profiles.list_profiles(
            tx, call.workspace_id, vault=vault, after=before, limit=wish.limit + 1, having=having
        )
        leads = await profiles.leads_of(tx, call.workspace_id, [one.profile_id for one in found], vault=vault)
    return profile_page([listed(one, leads.get(one.profile_id)) for one in found], wish.limit)


async def show(call: Call, wish: One) -> FoundProfile:
    """A profile."""
    vault = await call.vault()
    async with call.app() as tx:
        return await show_in(tx, call, wish.profile_id, vault)


async def timeline(call: Call, wish: Timeline) -> views.EventPage:
    """A profile's events, newest received first."""
    vault = await call.vault()
    before = id_before(views.EVENT, wish.before, "event")
    async with call.app() as tx:
        profile = await show_in(tx, call, wish.profile_id, vault)
        found = await events.list_events(
            tx, call.workspace_id, events.Which(profile_ids=members(profile), before=before),
            vault=vault, now_us=call.ports.database.now_us(), limit=wish.limit + 1,
        )  # fmt: skip
    return views.event_page(found, wish.limit)


async def history(call: Call, wish: History) -> list[StoredChange]:
    """What changed of a profile, newest first."""
    vault = await call.vault()
    async with call.app() as tx:
        profile = await show_in(tx, call, wish.profile_id, vault)
        return await profiles.history(tx, call.workspace_id, members(profile), vault=vault, limit=wish.limit)


async def merge(call: Call, wish: Merge) -> FoundProfile:
    """Make two people one, by hand; it can be taken back by an un-merge."""
    vault = await call.vault()
    other_id = id_of(views.PROFILE, wish.other_id, "profile")
    async with call.app() as tx:
        root_id = await profiles.merge(
            tx, call.workspace_id, id_of(views.PROFILE, wish.profile_id, "profile"), other_id,
            vault=vault, ids=call.ports.ids, now_us=call.ports.database.now_us(),
        )  # fmt: skip
        await _audit(tx, call, "profiles_merged", wish.profile_id, other_id=wish.other_id)
        return await show_in(tx, call, model.show_id(views.PROFILE, root_id), vault)


async def unmerge(call: Call, wish: One) -> Parted:
    """Part a member from the person whom it was joined to; links never join them again, only a merge by hand does."""
    vault = await call.vault()
    async with call.app() as tx:
        others = await profiles.unmerge(
            tx, call.workspace_id, id_of(views.PROFILE, wish.profile_id, "profile"),
            vault=vault, ids=call.ports.ids, now_us=call.ports.database.now_us(),
        )  # fmt: skip
        await _audit(tx, call, "profile_unmerged", wish.profile_id)
        return Parted(
            parted=await show_in(tx, call, wish.profile_id, vault),
            others=await show_in(tx, call, model.show_id(views.PROFILE, others), vault),
        )


async def erase(call: Call, wish: One) -> views.Receipt:
    """Delete who a person is; of what they did, counts stay. It cannot be taken back. The rest follows in jobs."""
    profile_id = id_of(views.PROFILE, wish.profile_id, "profile")
    vault = await call.vault()
    async with call.owner() as tx:
        receipt = await events.erase_person(
            tx, call.workspace_id, profile_id, actor=call.actor, vault=vault, ids=call.ports.ids
        )
        await _audit(tx, call, "profile_erased", model.show_id(views.PROFILE, receipt.profile_id))
    await call.ports.database.notify(jobs.WORK)
    return views.receipt(receipt, call.ports.journal_keep_days)


async def export(call: Call, wish: One) -> WholeExport:
    """All that is known of a person; of their events the newest, the rest in pages."""
    vault = await call.vault()
    async with call.app() as tx:
        profile = await show_in(tx, call, wish.profile_id, vault)
        ids = members(profile)
        changes = await profiles.history(tx, call.workspace_id, ids, vault=vault, limit=CHANGES_MAX)
        found = await events.list_events(
            tx, call.workspace_id, events.Which(profile_ids=ids),
            vault=vault, now_us=call.ports.database.now_us(), limit=EXPORTED_EVENTS + 1,
        )  # fmt: skip
        lists = await profiles.lists_of(tx, call.workspace_id, ids[:1])
        suppressed = [
            suppression(one)
            for address in profile.addresses
            for one in await profiles.find_suppression(
                tx, call.workspace_id, address["channel"], address["value"], vault=vault
            )
        ]
        bought = await orders.list_orders(
            tx, call.workspace_id, orders.Which(profile_ids=ids), vault=vault, limit=ORDERS_MAX
        )
        written = await messaging.list_sends(
            tx, call.workspace_id, vault=vault, before=id_before(views.PROFILE, None, "message"),
            limit=MESSAGES_MAX, to=written_to(profile),
        )  # fmt: skip
        consents = await _said(tx, call, profile, vault)
        ran = await automations.list_runs_of(tx, call.workspace_id, ids, limit=RUNS_MAX)
        await _audit(tx, call, "profile_exported", profile.id)
    return WholeExport(
        profile=profile, history=changes, timeline=views.event_page(found, EXPORTED_EVENTS),
        lists=[name for _, name in lists[ids[0]]], suppressions=suppressed, orders=[order(one) for one in bought],
        messages=[message(one) for one in written], consents=consents, runs=[run_of(*one) for one in ran],
    )  # fmt: skip


async def erasures(call: Call, wish: Nothing) -> list[views.Receipt]:
    """The receipts of erasures, newest first."""
    async with call.app() as tx:
        found = await profiles.list_erasures(tx, call.workspace_id)
    return [views.receipt(one, call.ports.journal_keep_days) for one in found]


async def erasure(call: Call, wish: OneErasure) -> views.Receipt:
    """One receipt: complete when every room has erased its own."""
    erasure_id = id_of(views.ERASURE, wish.erasure_id, "erasure")
    async with call.app() as tx:
        found = await profiles.list_erasures(tx, call.workspace_id, erasure_id)
    if not found:
        raise errors.NotFound("there is no such erasure in this workspace")
    return views.receipt(found[0], call.ports.journal_keep_days)


async def sought(tx: Tx, workspace_id: UUID, wish: Find, *, vault: Vault) -> FoundProfile | None:
    """Whom a wish means. Raises Invalid for one that names nothing, or two things."""
    for identity in identities(wish):
        found = await profiles.find_by_identity(tx, workspace_id, identity, vault=vault)
        if found is not None:
            return found
    return None


def identities(wish: Find) -> list[Identity]:
    """What a wish asks for, in canonical form; an external id without a namespace may be any dialect's."""
    if sum(value is not None for value in (wish.email, wish.phone, wish.external_id)) != 1:
        raise errors.Invalid("give one of email, phone and external_id")
    if wish.email is not None:
        email = canonical_email(wish.email)
        if email is None:
            raise errors.Invalid("that is not an e-mail address")
        return [Identity(IdentityKind.EMAIL, "", email)]
    if wish.phone is not None:
        phone, _ = profiles.canonical_phone(wish.phone)
        if not phone:
            raise errors.Invalid("that is not a phone number")
        return [Identity(IdentityKind.PHONE, "", phone)]
    assert wish.external_id is not None
    namespaces = [wish.namespace] if wish.namespace else [source.dialect for source in model.Source]
    return [Identity(IdentityKind.EXTERNAL_ID, namespace, wish.external_id) for namespace in namespaces]


def members(profile: FoundProfile) -> list[UUID]:
    """All ids under which a profile's facts are kept."""
    return [id_of(views.PROFILE, member, "profile") for member in profile.members]


def written_to(profile: FoundProfile) -> To:
    """A person's messages, with those to their addresses from before anybody had them."""
    addresses = [address["value"] for address in profile.addresses]
    return To(profile_ids=members(profile), unless_known=addresses)


async def _said(tx: Tx, call: Call, profile: FoundProfile, vault: Vault) -> list[Consent]:
    """Of each of a person's addresses whose owner said something, what."""
    asked = [
        await said_by(tx, call.workspace_id, address["value"], channel, vault=vault)
        for address in profile.addresses
        for channel in CHANNELS
        if channel == address["channel"]
    ]
    return [
        one for one in asked
        if one is not None and (one.said is not None or any(answer.said is not None for answer in one.topics))
    ]  # fmt: skip


async def _having(tx: Tx, workspace_id: UUID, trait: str, value: str) -> Having:
    """Raises Invalid for a trait that is sealed, NotFound for one that nobody has."""
    name = profiles.canonical_name(trait)
    definition = (await profiles.read_definitions(tx, workspace_id)).get(name)
    if definition is None:
        raise errors.NotFound(
            f"there is no trait {name} in this workspace; `trait list` shows those that there are"
        )
    if definition.personal:
        raise errors.Invalid(
            f"{name} is sealed, and cannot be asked for; find people by what identifies them"
        )
    return Having(name, value, unset="")


async def show_in(tx: Tx, call: Call, profile_id: str, vault: Vault) -> FoundProfile:
    """A profile, in somebody's transaction. Raises NotFound."""
    found = await profiles.read_profile(
        tx, call.workspace_id, id_of(views.PROFILE, profile_id, "profile"), vault=vault
    )
    if found is None:
        raise errors.NotFound("there is no such profile in this workspace")
    return found


async def _audit(tx: Tx, call: Call, action: str, profile_id: str, **detail: str) -> None:
    await accounts.audit(
        tx, call.workspace_id, ids=call.ports.ids, actor=call.actor, action=action, profile_id=profile_id, **detail
    )  # fmt: skip
