"""What the calls ask of the rooms: the store's standing, contacts, metrics."""

import time
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from clarion import accounts, errors, events, metrics, profiles
from clarion.accounts import Credential, Workspace
from clarion.db import Tx
from clarion.dialects import _asked
from clarion.dialects._door import Store
from clarion.dialects.smartpush import mapping, reply, rules, wire
from clarion.dialects.smartpush.auth import DIALECT
from clarion.dialects.smartpush.rules import Contact, Declared
from clarion.metrics import Declaration

KNOWN_FOR_S = 1.0
_KNOWN_MAX = 10_000
_LOWER_PLANS = frozenset({"free"})
_TOO_MANY_ATTRIBUTES = "A store has up to {} custom attributes, and {}"
_TOO_MANY_METRICS = "A store has up to {} custom events, and {}"
_THERE_ALREADY = "The EventCode {} is there already"


class _Remembered(Struct, frozen=True):
    until_s: float
    declared: Declared


class Catalogue:
    """Which events a store has defined, remembered for a second; what would be refused is asked for anew."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Remembered] = {}

    async def of(self, store: Store, workspace_id: UUID, *, anew: bool = False) -> Declared:
        """Raises Denied where the store may not, Unavailable."""
        held = self._known.get(workspace_id)
        if held is not None and not anew and held.until_s > time.monotonic():
            return held.declared
        declared = await _asked.transact(store, workspace_id, lambda tx: _declared(tx, workspace_id))
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        self._known[workspace_id] = _Remembered(time.monotonic() + KNOWN_FOR_S, declared)
        return declared


async def write_contact(store: Store, credential: Credential, contact: Contact) -> wire.MadeContact:
    """Create or change a contact; attributes that are new are made, within the store's limit.

    Raises Denied, Malformed, Unavailable.
    """
    workspace_id = credential.workspace_id
    vault = await store.vaults.of(workspace_id)

    async def make_attributes(tx: Tx) -> None:
        check_store(await accounts.read_workspace(tx, workspace_id))
        definitions = await profiles.read_definitions(tx, workspace_id)
        rules.check_types(contact.custom, definitions)
        problems = await profiles.check_traits(tx, workspace_id, contact.traits)
        if problems:
            raise wire.Malformed(f"{problems[0].name} {problems[0].reason}")
        fresh = {
            name: value
            for name, value in contact.custom.items()
            if value is not None and name not in definitions
        }
        if fresh:
            await profiles.make_traits(
                tx, workspace_id, fresh, made_by=DIALECT, traits_max=rules.ATTRIBUTES_MAX
            )

    async def write(tx: Tx) -> UUID:
        change = mapping.change(contact)
        return (await events.write_person(tx, workspace_id, change, vault=vault, ids=store.ids)).member

    async def number(tx: Tx) -> int:
        roots = await profiles.roots_of(tx, workspace_id, [member])
        return (await accounts.number_of(tx, workspace_id, profiles.PROFILE, [roots[member]]))[roots[member]]

    try:
        # Definitions are locked before profiles, and never together: whoever folds locks them the other way round.
        await _asked.transact(store, workspace_id, make_attributes)
    except profiles.TooManyTraits as exc:
        raise wire.Malformed(_TOO_MANY_ATTRIBUTES.format(rules.ATTRIBUTES_MAX, exc), rules.LIMIT) from exc
    member = await _asked.transact(store, workspace_id, write)
    return wire.MadeContact(str(await _asked.transact(store, workspace_id, number)))


async def make_metrics(
    store: Store, credential: Credential, wishes: Sequence[Declaration]
) -> list[wire.MadeMetric]:
    """Define events, all or none, within the store's limit. Raises Denied, Duplicate, Malformed, Unavailable."""
    workspace_id = credential.workspace_id

    async def make(tx: Tx) -> None:
        check_store(await accounts.read_workspace(tx, workspace_id))
        await metrics.declare(tx, workspace_id, wishes, made_by=DIALECT, metrics_max=rules.METRICS_MAX)

    names = [wish.name for wish in wishes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise wire.Duplicate("DUPLICATE_EVENT_CODE", _THERE_ALREADY.format(twice))
    try:
        await _asked.transact(store, workspace_id, make)
    except errors.AlreadyThere as exc:
        raise wire.Duplicate("DUPLICATE_EVENT_CODE", _THERE_ALREADY.format(exc)) from exc
    except metrics.TooMany as exc:
        raise wire.Malformed(_TOO_MANY_METRICS.format(rules.METRICS_MAX, exc), rules.LIMIT) from exc
    return [wire.MadeMetric(name, "Pending") for name in names]


def check_store(workspace: Workspace) -> None:
    """Raises Denied with a sentence that says where to switch it on."""
    if workspace.plan in _LOWER_PLANS:
        raise wire.Denied("PLAN_REQUIRED", reply.PLAN.format(workspace.plan, workspace.name))
    if not workspace.api_allowed:
        raise wire.Denied("NOT_ALLOWED", reply.ALLOWED.format(workspace.name))


async def _declared(tx: Tx, workspace_id: UUID) -> Declared:
    check_store(await accounts.read_workspace(tx, workspace_id))
    declared = await metrics.list_declared(tx, workspace_id, made_by=DIALECT)
    return {code: {one.code: one.type for one in attributes} for code, attributes in declared.items()}
