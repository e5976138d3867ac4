"""Access tokens: a secret is shown, a token comes back, which ends, and ends with the secret."""

from typing import Any

import pytest

from clarion import accounts
from clarion.accounts import store
from clarion.dialects.yotpo import auth, reply

STORE = "/core/v3/stores/self"
EVENT = {"type": "a", "unique_id": "1", "customer": {"email": "ann@example.com"}}


async def token_of(knock: Any, secret: str, path: str = f"{STORE}/access_tokens") -> str:
    answer = await knock("", "POST", path, {"secret": secret})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"access_token"}
    return str(answer.json()["access_token"])


async def status(knock: Any, key: str) -> int:
    return int((await knock(key, "PATCH", f"{STORE}/customer_events", EVENT)).status_code)


async def test_a_secret_is_shown_for_a_token_that_opens_the_store(knock: Any, issued: Any) -> None:
    app_key = auth.shown(issued)["app_key"]
    token = await token_of(knock, issued.secret, f"/core/v3/stores/{app_key}/access_tokens")
    assert token != issued.secret
    assert await status(knock, token) == 200
    assert await status(knock, issued.secret) == 200
    assert await status(knock, token[:-1]) == 401


async def test_a_token_ends_after_14_days(knock: Any, issued: Any, clock: Any) -> None:
    token = await token_of(knock, issued.secret)
    clock.ahead_us = (14 * 86_400 - 60) * 1_000_000
    assert await status(knock, token) == 200
    clock.ahead_us += 120 * 1_000_000
    assert await status(knock, token) == 401
    assert await status(knock, issued.secret) == 200


async def test_a_token_ends_with_its_secret(
    knock: Any, issued: Any, tenant: Any, database: Any, ids: Any, credentials: Any
) -> None:
    token = await token_of(knock, issued.secret)
    async with database.app(tenant.workspace_id) as tx:
        await accounts.revoke_credential(
            tx, tenant.workspace_id, issued.credential.credential_id, ids=ids, actor="test"
        )
    credentials.forget()
    assert await status(knock, token) == 401


async def test_a_token_is_its_secret_to_whoever_counts(knock: Any, issued: Any, credentials: Any) -> None:
    found = await credentials.find("yotpo", await token_of(knock, issued.secret))
    assert found.credential_id == issued.credential.credential_id
    assert (found.workspace_id, found.role) == (issued.credential.workspace_id, None)


@pytest.mark.parametrize("spoil", ["wrong", "a token", "nothing", "another dialect's"])
async def test_what_is_no_secret_of_the_store_is_shown_for_nothing(
    knock: Any, issued: Any, new_tenant: Any, spoil: str
) -> None:
    shown: dict[str, Any] = {
        "wrong": {"secret": issued.secret[:-1]},
        "a token": {"secret": await token_of(knock, issued.secret)},
        "nothing": {},
        "another dialect's": {"secret": (await new_tenant("smashsend")).secret},
    }
    answer = await knock("", "POST", f"{STORE}/access_tokens", shown[spoil])
    assert answer.status_code == 401
    assert answer.json() == {"errors": [{"message": reply.WRONG_SECRET}]}


async def test_a_secret_is_shown_for_its_own_store_only(knock: Any, issued: Any) -> None:
    answer = await knock("", "POST", f"/core/v3/stores/{15:032x}/access_tokens", {"secret": issued.secret})
    assert answer.status_code == 404
    assert answer.json() == {"errors": [{"message": reply.NO_STORE}]}


async def test_oauth_takes_json_and_forms(knock: Any, issued: Any) -> None:
    grant = {"client_id": auth.shown(issued)["app_key"], "client_secret": issued.secret}
    for wish in ({"json": grant | {"grant_type": "client_credentials"}}, {"data": grant}):
        answer = await knock_as(knock, **wish)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["token_type"], told["expires_in"]) == ("bearer", 14 * 86_400)
        assert await status(knock, told["access_token"]) == 200
    answer = await knock_as(knock, json=grant | {"grant_type": "password"})
    assert answer.status_code == 400
    answer = await knock_as(knock, data=grant | {"client_id": "another"})
    assert answer.status_code == 404


async def knock_as(knock: Any, **wish: Any) -> Any:
    return await knock(
        "", "POST", "/oauth/token", wish.get("json"), **{k: v for k, v in wish.items() if k == "data"}
    )


async def test_tokens_are_not_listed_and_the_oldest_give_way(
    knock: Any, issued: Any, tenant: Any, database: Any, credentials: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TOKENS_MAX", 3)
    tokens = [await token_of(knock, issued.secret) for _ in range(5)]
    credentials.forget()
    assert [await status(knock, token) for token in tokens] == [401, 401, 200, 200, 200]
    async with database.app(tenant.workspace_id) as tx:
        listed = await accounts.list_credentials(tx, tenant.workspace_id)
        count = await tx.fetchval(
            "SELECT count(*) FROM credential WHERE workspace_id = $1 AND issued_by IS NOT NULL",
            tenant.workspace_id,
        )
    assert {one.credential_id for one in listed} == {
        tenant.credential.credential_id,
        issued.credential.credential_id,
    }
    assert count == 3


async def test_tokens_that_are_over_are_deleted(
    knock: Any, issued: Any, tenant: Any, database: Any, clock: Any
) -> None:
    await token_of(knock, issued.secret)
    clock.ahead_us = 15 * 86_400 * 1_000_000
    await token_of(knock, issued.secret)
    async with database.app(tenant.workspace_id) as tx:
        count = await tx.fetchval(
            "SELECT count(*) FROM credential WHERE workspace_id = $1 AND issued_by IS NOT NULL",
            tenant.workspace_id,
        )
    assert count == 1


async def test_tokens_count_against_the_secrets_rate(
    knock: Any, issued: Any, tenant: Any, database: Any, credentials: Any
) -> None:
    async with database.app(tenant.workspace_id) as tx:
        await accounts.set_rate(
            tx, tenant.workspace_id, "yotpo", {"requests": 2}, issued.credential.credential_id
        )
    credentials.forget()
    token = await token_of(knock, issued.secret)
    assert [await status(knock, token) for _ in range(2)] == [200, 429]
