"""One workspace never sees, merges, suppresses or changes what is another's: by key, by id, and by row-level security.

Of T16b the timing is not measured here.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from clarion import accounts, automations, events, model, orders, profiles
from clarion.api import audience_views, automation_views, order_views, views
from clarion.db import Database
from clarion.dialects import DIALECTS
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, Reach, Source
from tests import managed
from tests.composed import at, door_of
from tests.db.support import event, ledger_total, mismatches, timeline
from tests.db.test_orders import SHOP, order
from tests.test_house import SHARED
from tests.trust.doors import DOORS, KEY

ANN = "ann@example.com"
EVENT: dict[str, Any] = {
    "event": "order.placed",
    "identify": {"email": ANN, "traits": {"firstName": "Ann", "phone": "+491511234567", "plan": "gold"}},
    "properties": {"amount": 1, "email": "friend@example.com"},
    "messageId": "order-1",
}


@pytest.fixture
def knock(database, ingest, vaults, ids):
    """The doors as they are composed, for a tenant and the dialect of its key."""
    door = replace(door_of(database, ingest, vaults, ids), store=None)  # what is queued, and no more
    request = at(door, *DIALECTS)

    async def post(tenant: Any, path: str, body: Any, shown: str | None = None) -> httpx2.Response:
        """`shown`: the Authorization header, where it is not SMASHSEND's."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = managed.bearer(tenant.secret) if shown is None else {"Authorization": shown}
        return await request("POST", path, content=content, headers=headers)

    return post


# ---- by key


async def test_a_message_id_suppresses_nothing_of_another_workspace(database, new_tenant, knock, process_all):
    one, other = await new_tenant(), await new_tenant()
    for tenant in (one, other):
        told = (await knock(tenant, "/v1/events/batch", {"events": [EVENT, EVENT]})).json()
        assert (told["accepted"], told["duplicated"]) == (1, 1)
        assert [item["status"] for item in told["events"]] == ["accepted", "duplicate"]
    unnamed = {key: held for key, held in EVENT.items() if key != "messageId"}
    ids = set()
    for tenant in (one, other):  # an id made of the content is the same everywhere, and suppresses as little
        told = (await knock(tenant, "/v1/events/batch", {"events": [unnamed]})).json()
        assert told["accepted"] == 1
        ids.add(told["events"][0]["messageId"])
    assert len(ids) == 1
    for tenant in (one, other):
        await process_all(tenant)
        assert len(await timeline(database, tenant)) == 2
        total = await ledger_total(database, tenant.workspace_id)
        assert (total.received, total.duplicate, total.stored) == (3, 1, 2)
        assert await mismatches(database, tenant.workspace_id) == []


async def keys_at(database, vaults, ids, tenants, front) -> list[str]:
    """Each tenant's at a door."""
    own = managed.ports(database, vaults, ids)
    keys = []
    async with managed.client(own) as client:
        for tenant in tenants:
            made = await client.post(
                f"{managed.PREFIX}/credentials",
                json={"dialect": front.dialect},
                headers=managed.bearer((await managed.token(own, tenant, "owner")).secret),
            )
            keys.append(made.json()[front.key])
    return keys


@pytest.mark.parametrize("front", DOORS, ids=lambda front: front.dialect)
async def test_the_same_event_at_one_door_is_another_in_another_workspace(
    database, vaults, ids, new_tenant, knock, process_all, front
):
    """Said twice it counts once, and only in its own workspace: a key is known where it was told, and nowhere else."""
    tenants = [await new_tenant(), await new_tenant()]
    event = front.event(b"told.twice", ANN.encode(), b'"x"')
    for tenant, key in zip(tenants, await keys_at(database, vaults, ids, tenants, front), strict=True):
        body = event.replace(KEY, key.encode())
        batched = [(front.batch, front.batched([body]))] if front.batch else []
        for path, sent in ((front.single, body), (front.single, body), *batched):
            answer = await knock(tenant, path, sent, front.shown(key))
            assert answer.status_code == 200, answer.text
    people = set()
    for tenant in tenants:
        await process_all(tenant)
        stored = await timeline(database, tenant)
        total = await ledger_total(database, tenant.workspace_id)
        assert (total.stored, len(stored)) == (front.distinct, front.distinct)
        people |= {one.profile_id for one in stored}
        assert await mismatches(database, tenant.workspace_id) == []
    assert len(people) == 2


@pytest.mark.parametrize(
    "dedup",
    [
        Dedup(Mode.ONCE, "k"),
        Dedup(Mode.ONCE, "k", day=20_000),
        Dedup(Mode.ONCE, "k", window_s=60),
        Dedup(Mode.OVERRIDE, "k"),
    ],
    ids=["for ever", "of a day", "for a window", "override"],
)
async def test_no_kind_of_key_reaches_into_another_workspace(
    database, new_tenant, ingest, process_all, dedup
):
    tenants = [await new_tenant() for _ in range(3)]
    for n, tenant in enumerate(tenants):
        (outcome,) = await ingest.offer(
            tenant.credential, Source.SMASHSEND, [Offer(event("same", properties={"n": n}), dedup)]
        )
        assert isinstance(outcome, model.Accepted)
    for n, tenant in enumerate(tenants):
        await process_all(tenant)
        (stored,) = await timeline(database, tenant)
        assert (stored.properties, stored.revision) == ({"n": n}, 0)


async def test_the_same_person_is_another_one_in_another_workspace(
    database, vaults, ids, new_tenant, ingest, process_all
):
    one, other = await new_tenant(), await new_tenant()
    who = (
        Identity(IdentityKind.EXTERNAL_ID, "shop", "17"),
        Identity(IdentityKind.EMAIL, "", ANN),
        Identity(IdentityKind.PHONE, "", "+491511234567"),
        Identity(IdentityKind.ANONYMOUS_ID, "", "device"),
    )
    found = {}
    own = managed.ports(database, vaults, ids)
    for tenant, plan in ((one, "gold"), (other, "free")):
        facts = Event(
            name="seen",
            occurred_at_us=database.now_us(),
            identities=who,
            reaches=(Reach("sms", "+491511234567"),),
            traits={"plan": plan, "first_name": tenant.name},
        )
        await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(facts, Dedup(Mode.NONE))])
        await process_all(tenant)
        token = (await managed.token(own, tenant, "owner")).secret
        async with managed.client(own) as client:
            answer = await client.post(
                f"{managed.PREFIX}/profiles/find",
                json={"external_id": "17", "namespace": "shop"},
                headers=managed.bearer(token),
            )
        found[tenant.name] = answer.json()
    mine, theirs = found[one.name], found[other.name]
    assert mine["id"] != theirs["id"]
    assert not set(mine["members"]) & set(theirs["members"])
    assert mine["traits"] == {"plan": "gold", "first_name": one.name}
    assert theirs["traits"] == {"plan": "free", "first_name": other.name}
    async with database.owner() as tx:
        shared = await tx.fetchval(
            "SELECT count(*) FROM identity a JOIN identity b USING (blind)"
            " WHERE a.workspace_id = $1 AND b.workspace_id = $2",
            one.workspace_id,
            other.workspace_id,
        )
    assert shared == 0, "not even the blind indexes can be compared"


# ---- by id


class Theirs(Struct, frozen=True):
    """Ids of things of another workspace, and of things that are nowhere."""

    real: dict[str, str]
    nowhere: dict[str, str]


STEPS = {"trigger": {"type": "event", "metric": "only"}, "start": "end", "nodes": {"end": {"type": "exit"}}}
ASKED = [
    ("GET", "/profiles/{profile}", None),
    ("GET", "/profiles/{profile}/events", None),
    ("GET", "/profiles/{profile}/history", None),
    ("GET", "/events/{event}", None),
    ("GET", "/credentials/{credential}", None),
    ("POST", "/credentials/{credential}/reveal", {}),
    ("POST", "/credentials/{credential}/revoke", {}),
    ("PATCH", "/credentials", {"dialect": "smashsend", "per_minute": 1, "credential_id": "{credential}"}),
    ("GET", "/quarantine/{quarantined}", None),
    ("POST", "/quarantine/{quarantined}/retry", {}),
    ("POST", "/quarantine/{quarantined}/discard", {}),
    ("GET", "/lists/{list}", None),
    ("GET", "/lists/{list}/members", None),
    ("POST", "/lists/{list}/members/remove", {"profile_ids": ["{profile}"]}),
    ("GET", "/orders/{order}", None),
    ("GET", "/orders?external_order_id={number}", None),
    ("GET", "/orders?profile_id={profile}", None),
    ("GET", "/automations/{automation}", None),
    ("PUT", "/automations/{automation}", {"definition": STEPS}),
    ("POST", "/automations/{automation}/publish", {}),
    ("POST", "/automations/{automation}/pause", {}),
    ("POST", "/automations/{automation}/archive", {}),
    ("GET", "/metrics/{metric}", None),
    ("PATCH", "/metrics/{metric}", {"status": "paused"}),
    ("POST", "/profiles/find", {"email": "{email}"}),
    ("GET", "/events?metric={metric}", None),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), ASKED, ids=[f"{method} {path}" for method, path, _ in ASKED]
)
async def test_what_is_another_workspaces_is_answered_like_what_is_nowhere(world, method, path, body):
    def filled(value: Any, fields: dict[str, str]) -> Any:
        if isinstance(value, dict):
            return {key: filled(held, fields) for key, held in value.items()}
        if isinstance(value, list):
            return [filled(held, fields) for held in value]
        if not isinstance(value, str):
            return value
        for key, held in fields.items():
            value = value.replace("{" + key + "}", held)
        return value

    answers = []
    async with managed.client(world.own) as client:
        for fields in (world.theirs.real, world.theirs.nowhere):
            answer = await client.request(
                method,
                managed.PREFIX + filled(path, fields),
                json=filled(body, fields),
                headers=managed.bearer(world.token),
            )
            text = answer.text
            for held in fields.values():
                text = text.replace(held, "…")
            answers.append((answer.status_code, text, sorted(answer.headers)))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 200)
    if answers[0][0] == 200:
        assert msgspec.json.decode(answers[0][1].encode()) in (
            {"events": [], "next": None},
            {"orders": [], "next": None},
        )
    assert await counts(world.database, world.neighbour) == world.before, "nothing of theirs changed"


async def test_their_owner_finds_all_of_it(world):
    """The control: the ids that are nowhere for others are somewhere."""
    token = (await managed.token(world.own, world.neighbour, "owner")).secret
    async with managed.client(world.own) as client:
        for method, path, _ in ASKED:
            if method == "GET":
                asked = managed.PREFIX + path.format(**world.theirs.real)
                answer = await client.get(asked, headers=managed.bearer(token))
                assert answer.status_code == 200, path
                assert answer.json() not in ({}, []), path


# ---- by row-level security

#: Rows for tables that this version makes but does not fill yet: the policy must hold before the first row is there.
UNFILLED = {
    "identity_cut": "(workspace_id, cut_id, one_side, other_side, stamp_us)"
    " VALUES ($1, gen_random_uuid(), '{}', '{}', 1)",
    "identity_link": "(workspace_id, strong, weak, stamp_us, stamp_id)"
    " VALUES ($1, gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid())",
    "credential_use": "VALUES ($1, gen_random_uuid(), 0, 'x', 1, 0)",
    "erasure": "(workspace_id, erasure_id, profile_id, erased_us, actor, awaited)"
    " VALUES ($1, gen_random_uuid(), gen_random_uuid(), 1, 'x', '{}')",
    "identity_moved": "VALUES ($1, gen_random_uuid(), 1, gen_random_uuid())",
    "job": "(workspace_id, job_id, kind, payload) VALUES ($1, gen_random_uuid(), 'x', 'x')",
    "send_report": "(workspace_id, send_id, state, hard, origin, heard_us)"
    " VALUES ($1, gen_random_uuid(), 'delivered', false, 'provider', 1)",
    "rejected_sample": "VALUES ($1, gen_random_uuid(), gen_random_uuid(), 'x', 'x')",
    "device": "(workspace_id, blind, profile_id, kind, platform, language, country, timezone, sealed, stamp_us,"
    " stamp_id) VALUES ($1, gen_random_uuid(), gen_random_uuid(), 'fcm', 'ios', 'en', 'GB', 'UTC', 'x', 1,"
    " gen_random_uuid())",
    "tombstone": "VALUES ($1, gen_random_uuid(), 1)",
    "run": "(workspace_id, run_id, automation_id, version, profile_id, cause, cause_id, occurred_at, node, begun_us)"
    " VALUES ($1, gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'event', gen_random_uuid(), now(),"
    " 'x', 1)",
    "trait_blind": "VALUES ($1, 'x', gen_random_uuid(), gen_random_uuid())",
    "metric_attribute": "VALUES ($1, 1, 'x', 'x', 'text')",
    "provider": "VALUES ($1, gen_random_uuid(), 'email', 'smtp', 'x', 1)",
    "mailbox": "(workspace_id, mailbox_id, send_id, channel, sealed, received_us)"
    " VALUES ($1, gen_random_uuid(), gen_random_uuid(), 'email', 'x', 1)",
    "template": "(workspace_id, template_id, name, channel, class, version, changed_us)"
    " VALUES ($1, $1, 'x', 'email', 'marketing', 1, 1)",
    "template_version": "VALUES ($1, $1, 1, '{}', 1)",
    "topic": "VALUES ($1, 'x', 'x', true)",
    "consent": "VALUES ($1, 'email', gen_random_uuid(), 'x', true, 1, 1, gen_random_uuid())",
    "sending_rule": "(workspace_id, channel) VALUES ($1, 'email')",
    "send": "(workspace_id, send_id, send_key, cause_kind, channel, class, due_us, changed_us, sealed)"
    " VALUES ($1, $1, gen_random_uuid(), 'call', 'email', 'marketing', 1, 1, 'x')",
    "send_attempt": "(workspace_id, send_id, n, phase, token, at_us)"
    " VALUES ($1, $1, 1, 'open', gen_random_uuid(), 1)",
    "send_decision": "(workspace_id, send_id, decision, facts, decided_us) VALUES ($1, $1, 'send', '{}', 1)",
}


class World(Struct):
    """A workspace that asks, and its neighbour, whose every table has rows."""

    database: Database
    own: Any
    asking: Any
    neighbour: Any
    token: str
    theirs: Theirs
    before: dict[str, int]


@pytest.fixture
async def world(database, vaults, ids, new_tenant, ingest, knock, process_all):
    asking, neighbour = await new_tenant(), await new_tenant()
    own = managed.ports(database, vaults, ids)
    for tenant in (asking, neighbour):
        await fill(database, ids, tenant, ingest, knock, process_all)
    (stored,) = [one for one in await timeline(database, neighbour) if one.name.startswith("only.")]
    async with database.app(neighbour.workspace_id) as tx:
        (held, *_) = await events.list_quarantine(tx, neighbour.workspace_id, limit=5)
        (drafted,) = await automations.list_automations(tx, neighbour.workspace_id)
        (listed,) = await profiles.list_lists(tx, neighbour.workspace_id)
        which = orders.Which()
        (bought,) = await orders.list_orders(
            tx, neighbour.workspace_id, which, vault=neighbour.vault, limit=2
        )
    real = {
        "profile": stored.profile_id,
        "event": stored.id,
        "credential": model.show_id(views.CREDENTIAL, neighbour.credential.credential_id),
        "quarantined": model.show_id(views.QUARANTINED, held.quarantine_id),
        "list": model.show_id(audience_views.LIST, listed.list_id),
        "order": model.show_id(order_views.ORDER, bought.order_id),
        "number": f"only {neighbour.name}",
        "automation": model.show_id(automation_views.AUTOMATION, drafted.automation_id),
        "metric": f"only.{neighbour.name}",
        "email": f"only@{neighbour.name}.example",
    }
    nowhere = {
        "profile": model.show_id("prf", ids.next()),
        "event": model.show_id("evt", ids.next()),
        "credential": model.show_id(views.CREDENTIAL, ids.next()),
        "quarantined": model.show_id(views.QUARANTINED, ids.next()),
        "list": model.show_id(audience_views.LIST, ids.next()),
        "order": model.show_id(order_views.ORDER, ids.next()),
        "number": "only nowhere",
        "automation": model.show_id(automation_views.AUTOMATION, ids.next()),
        "metric": "only.nowhere",
        "email": "only@nowhere.example",
    }
    return World(
        database=database,
        own=own,
        asking=asking,
        neighbour=neighbour,
        token=(await managed.token(own, asking, "owner")).secret,
        theirs=Theirs(real, nowhere),
        before=await counts(database, neighbour),
    )


async def fill(database, ids, tenant, ingest, knock, process_all) -> None:
    """Rows in every tenant table."""
    assert (await knock(tenant, "/v1/events", EVENT)).status_code == 200
    await process_all(tenant)
    only = {
        "event": f"only.{tenant.name}",
        "identify": {"email": f"only@{tenant.name}.example", "traits": {"plan": "x"}},
    }
    assert (await knock(tenant, "/v1/events", only)).status_code == 200
    bad = event("bad", properties={"text": "\0"})
    await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(bad, Dedup(Mode.NONE))])
    await process_all(tenant)
    async with database.app(tenant.workspace_id) as tx:
        await accounts.number_of(tx, tenant.workspace_id, "profile", [ids.next()])
        await accounts.audit(tx, tenant.workspace_id, ids=ids, actor="test", action="filled")
        await fill_audiences(tx, ids, tenant)
    async with database.owner() as tx:
        for table, row in UNFILLED.items():
            await tx.execute(f"INSERT INTO {table} {row}", tenant.workspace_id)


async def fill_audiences(tx: Any, ids: Any, tenant: Any) -> None:
    lists = await profiles.lists_named(tx, tenant.workspace_id, ["VIP"], ids=ids)
    ann = await profiles.find_person(
        tx, tenant.workspace_id, Identity(IdentityKind.EMAIL, "", ANN), vault=tenant.vault
    )
    await profiles.attach(
        tx, tenant.workspace_id, list(lists.values()), [ann.profile_id], ids=ids, now_us=1 << 50
    )
    await profiles.suppress(
        tx, tenant.workspace_id, "email", [ANN],
        reason=profiles.Reason.UNSUBSCRIBED, source=Source.MANAGE, vault=tenant.vault, ids=ids,
    )  # fmt: skip
    bought = order(f"only {tenant.name}", email=ANN, external_customer_id=None, phone=None)
    await orders.upsert(tx, tenant.workspace_id, [bought], SHOP, vault=tenant.vault, ids=ids)
    steps = automations.read(msgspec.json.encode(STEPS))
    await automations.draft(tx, tenant.workspace_id, "only", steps, by="test", ids=ids, now_us=1)


async def tables(database: Database, *, partitions: bool = False) -> list[str]:
    """Every tenant table, from the catalogue."""
    async with database.owner() as tx:
        rows = await tx.fetch(
            "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p', 'v', 'm') AND (NOT c.relispartition OR $1) ORDER BY 1",
            partitions,
        )
    return [row["name"] for row in rows if row["name"] not in SHARED]


async def counts(database: Database, tenant: Any) -> dict[str, int]:
    """Rows of a tenant by table, as the owner sees them."""
    found = {}
    async with database.owner() as tx:
        for table in await tables(database):
            found[table] = await tx.fetchval(
                f"SELECT count(*) FROM {table} WHERE workspace_id = $1", tenant.workspace_id
            )
    return found


@asynccontextmanager
async def as_app(database: Database, workspace: str | None) -> AsyncIterator[Any]:
    """The app's role with its filter taken out; `workspace` is what the session says that it is."""
    async with database.app() as tx:
        if workspace is None:
            await tx.execute("RESET clarion.workspace")
        else:
            await tx.execute("SELECT set_config('clarion.workspace', $1, true)", workspace)
        yield tx
        await tx.execute("SELECT set_config('clarion.workspace', $1, false)", str(UUID(int=0)))


async def test_every_tenant_table_has_rows_that_the_owner_sees(world):
    """The control of what follows."""
    assert len(world.before) >= 22
    assert [table for table, rows in world.before.items() if not rows] == []
    async with world.database.owner() as tx:
        for table in world.before:
            seen = await tx.fetchval(f"SELECT count(DISTINCT workspace_id) FROM {table}")
            assert seen >= 2, table


@pytest.mark.parametrize("says", ["another", "nobody", "nothing", "empty"])
async def test_without_our_filter_the_app_sees_no_row_of_another_workspace(world, says):
    workspace = {
        "another": str(world.asking.workspace_id),
        "nobody": str(uuid4()),
        "nothing": None,
        "empty": "",
    }[says]
    mine = await counts(world.database, world.asking)
    for table in await tables(world.database):
        async with as_app(world.database, workspace) as tx:
            rows = await tx.fetch(f"SELECT workspace_id FROM {table}")
        foreign = [row for row in rows if row["workspace_id"] != world.asking.workspace_id]
        assert foreign == [], table
        assert len(rows) == (mine[table] if says == "another" else 0), table


async def test_a_partition_is_no_way_around_its_table(world):
    whole = await tables(world.database)
    parts = [name for name in await tables(world.database, partitions=True) if name not in whole]
    assert len(parts) > 10
    for name in parts:
        async with as_app(world.database, str(world.asking.workspace_id)) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tx.transaction():
                    await tx.fetch(f"SELECT 1 FROM {name} LIMIT 1")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET workspace_id = workspace_id",
        "UPDATE {table} SET workspace_id = workspace_id WHERE workspace_id = '{theirs}'",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE workspace_id = '{theirs}'",
        "SELECT * FROM {table} WHERE workspace_id = '{theirs}' FOR UPDATE",
    ],
)
async def test_nothing_of_another_workspace_can_be_changed_or_locked(world, statement):
    mine = await counts(world.database, world.asking)
    for table in world.before:
        async with world.database.app(world.asking.workspace_id) as tx:
            undone = tx.transaction()
            await undone.start()
            try:
                status = await tx.execute(statement.format(table=table, theirs=world.neighbour.workspace_id))
            except (asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError):
                await undone.rollback()  # not even one's own: what workers alone write, what other rows name
                continue
            left = await tx.fetchval(f"SELECT count(*) FROM {table}")
            await undone.rollback()
        touched = int(status.split()[-1])
        if "WHERE" in statement:
            assert (touched, left) == (0, mine[table]), table
        else:
            assert touched == mine[table], table
    assert await counts(world.database, world.neighbour) == world.before


async def test_no_row_can_be_put_into_another_workspace(world):
    """Neither a copy of what is there (which would tell that it is there) nor one of our own, moved."""
    for table in world.before:
        async with world.database.owner() as tx:
            row = await tx.fetchval(
                f"SELECT to_jsonb(t)::text FROM {table} t WHERE workspace_id = $1 LIMIT 1",
                world.neighbour.workspace_id,
            )
        insert = f"INSERT INTO {table} SELECT * FROM jsonb_populate_record(NULL::{table}, $1::jsonb)"
        await refused(world, lambda tx, insert=insert, row=row: tx.execute(insert, row), table)
        move = f"UPDATE {table} SET workspace_id = $1"
        theirs = world.neighbour.workspace_id
        await refused(world, lambda tx, move=move, theirs=theirs: tx.execute(move, theirs), table)
    assert await counts(world.database, world.neighbour) == world.before


async def refused(world: World, work: Callable[[Any], Any], table: str) -> None:
    async with world.database.app(world.asking.workspace_id) as tx:
        undone = tx.transaction()
        await undone.start()
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as refusal:
            await work(tx)
        await undone.rollback()
    assert str(refusal.value) in (
        f'new row violates row-level security policy for table "{table}"',
        f"permission denied for table {table}",  # what workers alone write
    )


async def test_a_pooled_connection_keeps_nothing_of_the_workspace_before(addresses, new_tenant, world):
    database = await Database.open(addresses, app=1)
    try:
        for tenant in (world.asking, world.neighbour) * 3:
            async with database.app(tenant.workspace_id) as tx:
                seen = await tx.fetch("SELECT DISTINCT workspace_id FROM event")
            assert [row["workspace_id"] for row in seen] == [tenant.workspace_id]
            async with database.app() as tx:
                assert await tx.fetchval("SELECT count(*) FROM event") == 0
            with pytest.raises(ZeroDivisionError):
                async with database.app(tenant.workspace_id):
                    raise ZeroDivisionError
            async with database.app() as tx:
                assert await tx.fetchval("SELECT count(*) FROM event") == 0
    finally:
        await database.close()


async def test_with_the_policy_off_the_rows_would_be_seen(world):
    """The teeth: it is the policy, and nothing else, that hides them."""
    for table in world.before:
        count = f"SELECT count(*) FROM {table} WHERE workspace_id = $1"
        async with world.database.owner_connection() as owner:
            await owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            try:
                async with world.database.app(world.asking.workspace_id) as tx:
                    seen = await tx.fetchval(count, world.neighbour.workspace_id)
            finally:
                await owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        assert seen == world.before[table] > 0, table
