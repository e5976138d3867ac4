"""The management API's voice: its errors, its headers, its limits, its description of itself."""

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from clarion import api, errors, metrics
from clarion.accounts import EVERYBODY
from clarion.api import door
from clarion.api.route import Route, plain_path
from clarion.api.routes import PREFIX, ROUTES
from clarion.metrics import Attribute, Declaration
from tests import managed

DOCS = Path(__file__).resolve().parents[2] / "docs/reference/management-api.md"


@pytest.fixture
def own(database, vaults, ids):
    return managed.ports(database, vaults, ids)


@pytest.fixture
async def owner(own, tenant):
    return managed.bearer((await managed.token(own, tenant, "owner")).secret)


@pytest.fixture
async def client(own):
    async with managed.client(own) as speaking:
        yield speaking


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("method", "path", "given", "expected"),
    [
        ("GET", "/events?limit=0", {}, (400, "invalid")),
        ("GET", "/events?limit=1001", {}, (400, "invalid")),
        ("GET", "/events?limit=ten", {}, (400, "invalid")),
        ("GET", "/events?workspace=demo", {}, (400, "invalid")),
        ("GET", "/events?before=evt_x", {}, (404, "not_found")),
        ("GET", "/events/evt_1?event_id=evt_2", {}, (400, "invalid")),
        ("GET", "/ledger?since=yesterday", {}, (400, "invalid")),
        ("GET", "/ledger?since=2026-01-01T00:00:00", {}, (400, "invalid")),
        ("GET", "/ledger?since=2020-01-01T00:00:00Z", {}, (400, "invalid")),
        ("GET", "/metrics/no%00name", {}, (400, "invalid")),
        ("GET", "/metrics/none", {}, (404, "not_found")),
        ("GET", "/nothing/here", {}, (404, "not_found")),
        ("DELETE", "/events", {}, (405, "method_not_allowed")),
        ("TRACE", "/events", {}, (405, "method_not_allowed")),
        ("POST", "/credentials", {"json": {}}, (400, "invalid")),
        ("POST", "/credentials", {"json": []}, (400, "invalid")),
        ("POST", "/credentials", {"json": {"dialect": "smashsend", "workspace": "x"}}, (400, "invalid")),
        ("POST", "/credentials", {"json": {"dialect": "smashsend", "label": "\x00"}}, (400, "invalid")),
        ("POST", "/credentials?dialect=smashsend", {"json": {}}, (400, "invalid")),
        ("POST", "/credentials", {"data": {"dialect": "smashsend"}}, (415, "not_json")),
        (
            "POST",
            "/profiles/find",
            {"content": b"[" * 60_000, "headers": {"content-type": "application/json"}},
            (400, "invalid"),
        ),
        (
            "POST",
            "/profiles/find",
            {"content": b" " * 70_000, "headers": {"content-type": "application/json"}},
            (413, "too_large"),
        ),
        ("POST", "/profiles/find", {"json": {"email": "nobody"}}, (400, "invalid")),
        ("POST", "/profiles/find", {"json": {"email": "nobody@example.com"}}, (404, "not_found")),
        ("POST", "/profiles/find", {"json": {"email": 5}}, (400, "invalid")),
        ("PATCH", "/metrics/x", {"json": {"status": "syncing", "name": "y"}}, (400, "invalid")),
        ("PATCH", "/metrics/x", {"json": {"status": "pending"}}, (400, "invalid")),
        ("PATCH", "/metrics/x", {"json": {"status": "paused"}}, (404, "not_found")),
    ],
)
async def test_what_is_wrong_is_said_in_one_shape(client, owner, method, path, given, expected):
    given = given | {"headers": owner | given.get("headers", {})}
    answer = await client.request(method, PREFIX + path, **given)
    assert code(answer) == expected
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/topics/news", {"title": "\0"}),
        ("PATCH", "/metrics/bought", {"attributes": [{"code": "\0", "type": "text"}]}),
        ("PATCH", "/metrics/bought", {"attributes": [{"code": "size", "title": "\0", "type": "text"}]}),
        ("PATCH", "/metrics/bought", {"attributes": [{"code": "", "type": "text"}]}),
    ],
)
async def test_text_that_no_database_keeps_is_refused(client, owner, database, tenant, method, path, body):
    """Without their patterns the first three of these are 500."""
    async with database.app(tenant.workspace_id) as tx:
        wish = Declaration(name="bought", attributes=(Attribute(code="size", type="text"),))
        await metrics.declare(tx, tenant.workspace_id, [wish], made_by="smartpush")
    answer = await client.request(method, PREFIX + path, json=body, headers=owner)
    assert code(answer) == (400, "invalid")
    kept = await client.patch(f"{PREFIX}/metrics/bought", json={"title": "Bought"}, headers=owner)
    assert [one["code"] for one in kept.json()["attributes"]] == ["size"]


def branching(depth):
    """The JSON of a draft with a rule so deep. Text: what is very deep Python's own encoder refuses."""
    innermost = '{"kind":"trait","name":"a","operator":"is_set"}'
    rule = '{"kind":"not","rule":' * (depth - 1) + innermost + "}" * (depth - 1)
    return drafted(f'{{"type":"branch","rule":{rule}}}')


def setting(depth):
    """One whose node sets a trait to lists in each other."""
    return drafted(f'{{"type":"update_profile","traits":{{"a":{"[" * depth}1{"]" * depth}}}}}')


def drafted(node):
    steps = f'{{"trigger":{{"type":"event","metric":"m"}},"start":"a","nodes":{{"a":{node}}}}}'
    return f'{{"name":"deep","definition":{steps}}}'


@pytest.mark.parametrize("make", [branching, setting])
async def test_a_draft_too_deep_to_be_read_again_is_refused_and_the_list_is_readable(client, owner, make):
    """A published rule is at most 10 deep, but drafts were not asked: there is a depth that decodes and does not encode
    (500), and one that is stored and never decodes again, by which all lists of automations were 400.
    """
    headers = owner | {"content-type": "application/json"}
    for depth in (33, 200, 400, 480, 520, 800, 950, 1_500):
        answer = await client.post(f"{PREFIX}/automations", content=make(depth), headers=headers)
        assert code(answer) == (400, "invalid"), depth
    made = await client.post(f"{PREFIX}/automations", content=make(10), headers=headers)
    assert made.status_code == 201
    listed = await client.get(f"{PREFIX}/automations", headers=owner)
    assert [one["name"] for one in listed.json()] == ["deep"]
    path = f"{PREFIX}/automations/{listed.json()[0]['id']}"
    deeper = '{"definition":' + make(33).partition('"definition":')[2]
    assert code(await client.put(path, content=deeper, headers=headers)) == (400, "invalid")


async def test_wrong_methods_hear_the_right_ones(client, owner):
    answer = await client.delete(f"{PREFIX}/credentials", headers=owner)
    assert answer.headers["allow"] == "GET, POST, PATCH"


@pytest.mark.parametrize(
    ("raised", "status"), [(errors.Unavailable("away", retry_after_s=7), 503), (ConnectionResetError(), 503)]
)
async def test_what_passes_is_503_with_retry_after(own, owner, raised, status):
    async def failing(call: api.Call, wish: api.Nothing) -> dict[str, str]:
        raise raised

    async with managed.client(own, [Route("GET", "/x", failing, EVERYBODY)]) as client:
        answer = await client.get(f"{PREFIX}/x", headers=owner)
    assert code(answer) == (status, "unavailable")
    assert int(answer.headers["retry-after"]) in (5, 7)


async def test_a_bug_is_500_with_an_id_and_nothing_else(own, owner):
    async def failing(call: api.Call, wish: api.Nothing) -> dict[str, str]:
        raise ValueError("ann@example.com")

    async with managed.client(own, [Route("GET", "/x", failing, EVERYBODY)]) as client:
        answer = await client.get(f"{PREFIX}/x", headers=owner)
    assert code(answer) == (500, "internal")
    assert re.search(r"req_[0-9a-f]{16}", answer.text)
    assert "ann@example.com" not in answer.text


async def test_a_body_that_does_not_come_is_given_up(client, owner, monkeypatch):
    monkeypatch.setattr(door, "BODY_TIMEOUT_S", 0.05)

    async def slowly():
        yield b"{"
        await asyncio.sleep(5)

    headers = owner | {"content-type": "application/json"}
    answer = await client.post(f"{PREFIX}/profiles/find", content=slowly(), headers=headers)
    assert code(answer) == (408, "too_slow")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpw", "Bearer \xff", "Bearer " + "x" * 999]
)
async def test_what_is_no_token_opens_nothing(client, header):
    answer = await client.get(f"{PREFIX}/workspace", headers={b"authorization": header.encode("latin-1")})
    assert code(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", [f"{PREFIX}/workspace", f"{PREFIX}/nothing", "/manage/openapi.json"])
@pytest.mark.parametrize("known", [True, False])
async def test_every_answer_carries_the_headers_of_an_api(client, owner, path, known):
    answer = await client.get(path, headers=owner if known else {})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_openapi_describes_every_route(client):
    described = (await client.get("/manage/openapi.json")).json()
    assert described["openapi"] == "3.1.0"
    for route in ROUTES:
        operation = described["paths"][PREFIX + plain_path(route.path)][route.method.lower()]
        assert operation["summary"]
        assert operation["x-roles"] == sorted(route.allow)
        assert str(route.status) in operation["responses"]
    operations = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(set(operations)) == len(operations) == len(ROUTES)
    references = set(
        re.findall(r'"#/components/schemas/([^"]+)"', (await client.get("/manage/openapi.json")).text)
    )
    assert references <= set(described["components"]["schemas"])
    find = described["paths"][f"{PREFIX}/profiles/find"]["post"]["requestBody"]["content"]["application/json"]
    assert set(find["schema"]["properties"]) == {"email", "phone", "external_id", "namespace"}


def test_the_reference_names_every_route():
    page = DOCS.read_text("utf-8")
    missing = [
        f"{route.method} {plain_path(route.path)}"
        for route in ROUTES
        if f"`{route.method} {plain_path(route.path)}`" not in page
    ]
    assert missing == []
