"""Who may call what: every route of the management API, for every kind of caller, from the route table.

`mistakes` says what a caller should not have been answered; the controls show that it does.
"""

import base64
import re
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from msgspec import Struct

from clarion import accounts, api, automations, events, jobs, messaging, metrics, model, orders, profiles
from clarion.accounts import DEVELOPERS, EVERYBODY, MARKETERS
from clarion.api import audience_views, automation_views, message_views, order_views, views
from clarion.api.nouns import profile
from clarion.api.route import Route, Undeclared
from clarion.api.routes import ROUTES
from clarion.messaging import links
from clarion.model import Dedup, Event, Identity, IdentityKind, Mode, Offer, ProfileChange, Source
from tests import managed
from tests.db.test_orders import SHOP, order

ROLES = ("owner", "developer", "marketer", "viewer")
EMAIL = "only-in-this-workspace@example.com"
METRIC = "only/in.this workspace"


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


class World(Struct, frozen=True):
    """A workspace with one of everything, and the tokens of everybody who may knock."""

    tenant: Any
    profile_id: str
    event_id: str
    erasure_id: str
    credential_id: str
    list_id: str
    order_id: str
    template_id: str
    unused: list[str]  # templates, to be deleted
    message_id: str
    automation_id: str
    quarantined: list[str]
    loners: list[str]  # profiles, to be merged
    joined: list[str]  # members of people with two, to be parted
    traits: list[str]  # to be deleted; as many metrics of the same names
    jobs: list[str]  # failed ones, to be tried again
    tokens: dict[str, str]  # by role
    strangers: dict[str, str | None]  # who must hear 401
    other: str  # the token of another workspace's owner

    def returned(self) -> str:
        """A holiday reply to its message, in base64: no news, so nothing is used up."""
        send_id = model.parse_id(message_views.MESSAGE, self.message_id)
        assert send_id is not None
        tag = links.return_tag(self.tenant.vault, send_id)
        mail = f"From: ann@example.com\r\nTo: b+{tag}@shop.example\r\n\r\nOn holiday.\r\n"
        return base64.b64encode(mail.encode()).decode()

    def fields(self) -> dict[str, str]:
        """What paths and bodies are filled with; quarantined items and people are used up."""
        return {
            "profile_id": self.profile_id,
            "event_id": self.event_id,
            "erasure_id": self.erasure_id,
            "credential_id": self.credential_id,
            "list_id": self.list_id,
            "order_id": self.order_id,
            "template_id": self.template_id,
            "unused_id": self.unused.pop(),
            "message_id": self.message_id,
            "automation_id": self.automation_id,
            "bounce": self.returned(),
            "channel": "email",
            "fresh": f"fresh_{uuid4().hex}",
            "name": METRIC,
            "quarantined_id": self.quarantined.pop(),
            "other_id": self.loners.pop(),
            "joined_id": self.joined.pop(),
            "trait": self.traits.pop(),
            "job_id": self.jobs.pop(),
        }


#: The smallest automation.
STEPS = {"trigger": {"type": "event", "metric": METRIC}, "start": "end", "nodes": {"end": {"type": "exit"}}}
#: A body for each route that wants one; what stands in braces is filled in.
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /workspace": {"plan": "standard"},
    "POST /credentials": {"dialect": "smashsend"},
    "PATCH /credentials": {"dialect": "smashsend", "per_minute": 5, "credential_id": "{credential_id}"},
    "POST /profiles/find": {"email": EMAIL},
    "POST /profiles/{profile_id}/merge": {"other_id": "{other_id}"},
    "POST /metrics": {"name": "{fresh}"},
    "POST /automations": {"name": "{fresh}", "definition": STEPS},
    "PUT /automations/{automation_id}": {"definition": STEPS},
    "PATCH /metrics/{name:path}": {"status": "syncing"},
    "PUT /traits/{name:path}": {"type": "text"},
    "POST /lists": {"name": "{fresh}"},
    "POST /lists/{list_id}/members/add": {"profile_ids": ["{profile_id}"]},
    "POST /lists/{list_id}/members/remove": {"profile_ids": ["{profile_id}"]},
    "PUT /providers/{channel}": {"kind": "mailbox"},
    "POST /providers/{channel}/test": {"to": EMAIL},
    "POST /templates": {"name": "{fresh}", "subject": "Hello", "html": "<p>Hello</p>"},
    "POST /consents": {"value": EMAIL, "agreed": True},
    "POST /consents/find": {"value": EMAIL},
    "PATCH /rules/{channel}": {"cap": "3/24"},
    "POST /messages/bounce": {"mail": "{bounce}"},
    "POST /messages/find": {"recipient": EMAIL},
    "POST /templates/{template_id}/preview": {"data": {"name": "Ann"}},
    "POST /suppressions": {"values": ["{fresh}@example.com"]},
    "POST /suppressions/find": {"value": EMAIL},
    "POST /suppressions/remove": {"values": [EMAIL]},
}
#: Routes whose profile has to be of another kind than the rest's.
PROFILE_OF = {
    "POST /profiles/{profile_id}/unmerge": "joined_id",
    "POST /profiles/{profile_id}/erase": "other_id",  # nobody is erased twice
}
#: Routes whose template or name is used up.
TEMPLATE_OF = {"DELETE /templates/{template_id}": "unused_id"}
NAME_OF = {"DELETE /traits/{name:path}": "trait", "DELETE /metrics/{name:path}": "trait"}


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


def loner(number: int) -> Identity:
    return Identity(IdentityKind.EXTERNAL_ID, "club", f"{number}")


async def found_by(tx: Any, tenant: Any, identity: Identity) -> profiles.FoundProfile:
    found = await profiles.find_by_identity(tx, tenant.workspace_id, identity, vault=tenant.vault)
    assert found is not None
    return found


@pytest.fixture
async def world(own, database, new_tenant, ingest, process_all):
    tenant, neighbour = await new_tenant(), await new_tenant()
    occurred_at_us = database.now_us()
    who = (Identity(IdentityKind.EMAIL, "", EMAIL),)
    good = Event(name=METRIC, occurred_at_us=occurred_at_us, identities=who, traits={METRIC: "x"})
    bad = Event(name="bad", occurred_at_us=occurred_at_us, identities=who, properties={"x": "\x00"})
    await ingest.offer(
        tenant.credential, Source.SMASHSEND, [Offer(one, Dedup(Mode.NONE)) for one in [good, *[bad] * 12]]
    )
    people = [
        ProfileChange(identities=found, traits={f"t{n}": n})
        for n in range(12)
        for found in (
            (loner(n),),
            (Identity(IdentityKind.EMAIL, "", f"{n}@example.com"),),
            (
                Identity(IdentityKind.EXTERNAL_ID, "shop", f"{n}"),
                Identity(IdentityKind.EMAIL, "", f"{n}@example.com"),
            ),
        )
    ]
    await ingest.offer(tenant.credential, Source.SMASHSEND, [Offer(one, Dedup(Mode.NONE)) for one in people])
    await process_all(tenant)
    erasure_id = await _erased(database, tenant, own.ids)
    async with database.app(tenant.workspace_id) as tx:
        loners = [await found_by(tx, tenant, loner(n)) for n in range(12)]
        joined = [
            await found_by(tx, tenant, Identity(IdentityKind.EXTERNAL_ID, "shop", f"{n}")) for n in range(12)
        ]
        (event,) = await events.list_events(
            tx, tenant.workspace_id, events.Which(), vault=tenant.vault, now_us=database.now_us(), limit=2
        )
        quarantined = await events.list_quarantine(tx, tenant.workspace_id, limit=20)
        unused = [metrics.Declaration(name=f"t{n}") for n in range(12)]
        await metrics.declare(tx, tenant.workspace_id, unused, made_by="smartpush", metrics_max=50)
        listed = await profiles.create_list(tx, tenant.workspace_id, "only here", ids=own.ids)
        await orders.upsert(
            tx, tenant.workspace_id, [order("only here")], SHOP, vault=tenant.vault, ids=own.ids
        )
        which = orders.Which()
        automation = await published(tx, tenant, database.now_us(), own.ids)
        (bought,) = await orders.list_orders(tx, tenant.workspace_id, which, vault=tenant.vault, limit=2)
    template_id, message_id = await _message(database, tenant, own.ids)
    revoked = await managed.token(own, tenant, "owner")
    async with database.app(tenant.workspace_id) as tx:
        await accounts.revoke_credential(
            tx, tenant.workspace_id, revoked.credential.credential_id, ids=own.ids, actor="test"
        )
    return World(
        tenant=tenant,
        profile_id=event.profile_id,
        event_id=event.id,
        erasure_id=erasure_id,
        credential_id=model.show_id(views.CREDENTIAL, tenant.credential.credential_id),
        order_id=model.show_id(order_views.ORDER, bought.order_id),
        automation_id=model.show_id(automation_views.AUTOMATION, automation),
        list_id=model.show_id(audience_views.LIST, listed.list_id),
        template_id=template_id,
        unused=[await _template(database, tenant, own.ids, f"unused {n}") for n in range(12)],
        message_id=message_id,
        quarantined=[model.show_id(views.QUARANTINED, item.quarantine_id) for item in quarantined],
        loners=[one.id for one in loners],
        joined=[one.id for one in joined],
        traits=[f"t{n}" for n in range(12)],
        jobs=[await _failed_job(database, tenant, own.ids) for _ in range(12)],
        tokens={role: (await managed.token(own, tenant, role)).secret for role in ROLES},
        strangers={
            "nobody": None,
            "an unknown token": "clarion_" + "A" * 49,
            "a revoked token": revoked.secret,
            "a vendor's key": tenant.secret,
        },
        other=(await managed.token(own, neighbour, "owner")).secret,
    )


async def _template(database: Any, tenant: Any, ids: Any, name: str) -> str:
    async with database.app(tenant.workspace_id) as tx:
        content = messaging.Email(subject="Hello", html="Hello")
        wish = messaging.TemplateWish(name=name, channel="email", texts={"": content})
        template = await messaging.save_template(tx, tenant.workspace_id, wish, ids=ids)
    return model.show_id(message_views.TEMPLATE, template.template_id)


async def _message(database: Any, tenant: Any, ids: Any) -> tuple[str, str]:
    """A template, and a message of it that lies in the mailbox."""
    async with database.app(tenant.workspace_id) as tx:
        wish = messaging.TemplateWish(
            name="only here", channel="email", texts={"": messaging.Email(subject="Hello", html="Hello")}
        )
        template = await messaging.save_template(tx, tenant.workspace_id, wish, ids=ids)
        send = messaging.PlannedSend(
            key="only here", cause=messaging.Cause("call"), channel="email", recipient=EMAIL,
            template_id=template.template_id,
        )  # fmt: skip
        (planned,) = await messaging.plan(tx, tenant.workspace_id, [send], vault=tenant.vault, ids=ids)
        mailbox_id, received_us = messaging.landing_id(ids)
        landed = messaging.Landed(
            mailbox_id=mailbox_id, send_id=planned.send_id, channel="email", recipient=EMAIL, title="Hello",
            raw=b"Hello", received_us=received_us,
        )  # fmt: skip
        await messaging.land(tx, tenant.workspace_id, landed, profile_id=None, vault=tenant.vault)
    return (
        model.show_id(message_views.TEMPLATE, template.template_id),
        model.show_id(message_views.MESSAGE, planned.send_id),
    )


async def published(tx: Any, tenant: Any, now_us: int, ids: Any) -> Any:
    """A live automation."""
    steps = automations.read(msgspec.json.encode(STEPS))
    made = await automations.draft(
        tx, tenant.workspace_id, "only here", steps, by="test", ids=ids, now_us=now_us
    )
    await automations.publish(
        tx, tenant.workspace_id, made.automation_id, find_templates=automations.no_templates, now_us=now_us
    )
    return made.automation_id


async def _erased(database: Any, tenant: Any, ids: Any) -> str:
    """The receipt of somebody who left nothing behind."""
    async with database.owner() as tx:
        profile_id = ids.next()
        await tx.execute(
            "INSERT INTO profile (workspace_id, profile_id, root_id, created_us) VALUES ($1, $2, $2, 0)",
            tenant.workspace_id,
            profile_id,
        )
        receipt = await events.erase_person(
            tx, tenant.workspace_id, profile_id, actor="test", vault=tenant.vault, ids=ids
        )
    return model.show_id(views.ERASURE, receipt.erasure_id)


def filled(body: Any, fields: dict[str, str]) -> Any:
    if isinstance(body, str):
        return body.format(**fields)
    if isinstance(body, list):
        return [filled(one, fields) for one in body]
    return {name: filled(value, fields) for name, value in body.items()} if isinstance(body, dict) else body


async def _failed_job(database: Any, tenant: Any, ids: Any) -> str:
    async with database.owner() as tx:
        job_id = await jobs.publish(tx, tenant.workspace_id, "nobody hears of it", b"", ids=ids)
        await tx.execute("UPDATE job SET state = 'failed' WHERE job_id = $1", job_id)
    return model.show_id(views.JOB, job_id)


async def ask(client: Any, route: Route, fields: dict[str, str], secret: str | None) -> Any:
    fields = fields | {
        "profile_id": fields[PROFILE_OF.get(name_of(route), "profile_id")],
        "template_id": fields[TEMPLATE_OF.get(name_of(route), "template_id")],
        "name": fields[NAME_OF.get(name_of(route), "name")],
    }
    path = route.path.replace(":path", "").format(**fields)
    body = filled(BODIES.get(name_of(route)), fields)
    headers = managed.bearer(secret) if secret else {}
    return await client.request(route.method, managed.PREFIX + path, json=body, headers=headers)


async def mistakes(client: Any, route: Route, world: World) -> list[str]:
    """What somebody was answered who should have been answered otherwise, as the real table has it."""
    found = []
    real = next(one for one in ROUTES if name_of(one) == name_of(route))

    def check(who: str, answer: Any, expected: int) -> None:
        if answer.status_code != expected:
            found.append(f"{who} heard {answer.status_code} instead of {expected}: {answer.text}")

    for who, secret in world.strangers.items():
        check(who, await ask(client, route, world.fields(), secret), 401)
    for role, secret in world.tokens.items():
        expected = real.status if role in real.allow else 403
        check(role, await ask(client, route, world.fields(), secret), expected)
    return found + await leaks(client, route, world)


def _numberless(text: str) -> str:
    """Small numbers are given in the order of asking: what is defined first has the first. What is made is new."""
    return re.sub(r'"number":\d+|"set_at":"[^"]*"|(prv|mbx)_[0-9a-f]{32}', "", text)


async def leaks(client: Any, route: Route, world: World) -> list[str]:
    """What another workspace's owner learns of this one: nothing, not even that something is there."""
    fields = world.fields()
    unknown = {
        name: value if name in ("name", "channel", "bounce") else f"{value.split('_')[0]}_{uuid4().hex}"
        for name, value in fields.items()
    }
    unknown["name"] = "no such metric"
    theirs = await ask(client, route, fields, world.other)
    nothing = await ask(client, route, unknown, world.other)
    if theirs.status_code != nothing.status_code:
        return [f"another workspace heard {theirs.status_code}, and of nothing {nothing.status_code}"]
    told, untold = theirs.text.replace(METRIC, ""), nothing.text.replace("no such metric", "")
    if _numberless(told) != _numberless(untold) and route.status != 201:
        return [f"another workspace heard {theirs.text}, and of nothing {nothing.text}"]
    secrets = (
        world.profile_id,
        world.event_id,
        world.erasure_id,
        world.credential_id,
        world.list_id,
        world.order_id,
        world.tenant.name,
        *world.quarantined,
    )
    return [f"another workspace learned {secret}" for secret in secrets if secret in theirs.text]


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_a_route_answers_whom_it_may(own, world, route):
    async with managed.client(own) as client:
        assert await mistakes(client, route, world) == []


@pytest.mark.parametrize("route", [one for one in ROUTES if one.allow != EVERYBODY], ids=name_of)
async def test_control_without_its_role_check_a_route_is_found_out(own, world, route):
    open_to_all = msgspec.structs.replace(route, allow=EVERYBODY)
    async with managed.client(own, [open_to_all]) as client:
        found = await mistakes(client, open_to_all, world)
    assert {line.split()[0] for line in found} == EVERYBODY - route.allow


async def test_control_a_route_that_forgets_the_workspace_is_found_out(own, world):
    async def leaking(call: api.Call, wish: profile.One) -> profile.FoundProfile:
        return await profile.show(managed.call(own, world.tenant), wish)

    route = Route("GET", "/profiles/{profile_id}", leaking, EVERYBODY)
    async with managed.client(own, [route]) as client:
        assert await leaks(client, route, world)


def test_every_route_that_changes_something_is_for_developers_or_where_people_are_written_to_marketers():
    for route in ROUTES:
        if route.method != "GET" and not route.path.endswith(("/find", "/preview")):
            audience = route.path.startswith(
                ("/lists", "/suppressions", "/templates", "/automations", "/topics", "/consents", "/rules")
            )
            assert route.allow <= (MARKETERS if audience else DEVELOPERS), name_of(route)


# ---- what a route must say


async def silent(call: api.Call, wish: profile.One):  # type: ignore[no-untyped-def]
    return None


async def untyped(call, wish) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {}


class Lenient(Struct):
    """Takes unknown fields."""


async def lenient(call: api.Call, wish: Lenient) -> dict[str, str]:
    return {}


@pytest.mark.parametrize(
    ("route", "what"),
    [
        (Route("GET", "/x", profile.show, None), "say which roles"),  # type: ignore[arg-type]
        (Route("GET", "/x", profile.show, frozenset()), "say which roles"),
        (Route("GET", "/x", profile.show, frozenset({"admin"})), "no roles admin"),
        (Route("GET", "/x/{profile_id}", silent, EVERYBODY), "what it answers"),
        (Route("GET", "/x", untyped, EVERYBODY), "annotate `wish`"),
        (Route("GET", "/x", lenient, EVERYBODY), "refuse unknown fields"),
        (Route("GET", "/x/{other_id}", profile.show, EVERYBODY), "does not take other_id"),
    ],
)
def test_a_route_that_does_not_say_all_does_not_start(own, route, what):
    with pytest.raises(Undeclared, match=what):
        managed.composed(own, [*ROUTES, route])


def test_a_route_that_is_there_twice_does_not_start(own):
    with pytest.raises(Undeclared, match="twice"):
        managed.composed(own, [*ROUTES, ROUTES[0]])


def test_a_route_without_roles_cannot_be_written():
    with pytest.raises(TypeError):
        Route("GET", "/x", profile.show)  # type: ignore[call-arg]


# ---- what roles mean inside a route


async def test_a_developer_cannot_come_by_an_owners_token(own, world):
    headers = managed.bearer(world.tokens["developer"])
    async with managed.client(own) as client:
        credentials = (await client.get("/manage/v1/credentials", headers=headers)).json()
        owners = next(one["id"] for one in credentials if one["role"] == "owner" and not one["revoked"])
        for verb in ("reveal", "revoke"):
            answer = await client.post(f"/manage/v1/credentials/{owners}/{verb}", headers=headers)
            assert answer.status_code == 403
        wish = {"dialect": "manage", "role": "owner"}
        assert (await client.post("/manage/v1/credentials", json=wish, headers=headers)).status_code == 403
        wish = {"dialect": "manage", "role": "developer"}
        assert (await client.post("/manage/v1/credentials", json=wish, headers=headers)).status_code == 403
        owner = managed.bearer(world.tokens["owner"])
        assert (await client.post("/manage/v1/credentials", json=wish, headers=owner)).status_code == 201


async def test_a_token_without_a_role_may_nothing(own, world):
    secret = (await managed.token(own, world.tenant, None)).secret
    fields = world.fields()
    async with managed.client(own) as client:
        for route in ROUTES:
            answer = await ask(client, route, fields, secret)
            assert answer.status_code == 403, name_of(route)


async def test_nothing_in_a_request_names_another_workspace(own, world):
    headers = managed.bearer(world.other)
    async with managed.client(own) as client:
        for name in (world.tenant.name, str(world.tenant.workspace_id)):
            for param in ("workspace", "workspace_id"):
                answer = await client.get("/manage/v1/events", params={param: name}, headers=headers)
                assert answer.status_code == 400
            shown = await client.get(
                "/manage/v1/workspace", headers=headers | {"X-Workspace": name, "X-Clarion-Workspace": name}
            )
            assert shown.json()["name"] != world.tenant.name


async def test_a_revocation_works_at_once(own, world):
    owner = managed.bearer(world.tokens["owner"])
    viewer = managed.bearer(world.tokens["viewer"])
    async with managed.client(own) as client:
        assert (await client.get("/manage/v1/metrics", headers=viewer)).status_code == 200
        credentials = (await client.get("/manage/v1/credentials", headers=owner)).json()
        viewers = next(one["id"] for one in credentials if one["role"] == "viewer")
        assert (
            await client.post(f"/manage/v1/credentials/{viewers}/revoke", headers=owner)
        ).status_code == 200
        assert (await client.get("/manage/v1/metrics", headers=viewer)).status_code == 401
