"""HTTP gateways and webhooks that answer ambiguously: the state says what is known, no more (T9)."""

import asyncio
import contextlib
import json
import time
from typing import Any
from uuid import uuid4

import pytest

from clarion.channels import Web, template, webhook
from clarion.channels._request import Answer
from clarion.channels.template import Template
from clarion.channels.webhook import Webhook
from clarion.errors import Invalid
from clarion.messaging import configs
from clarion.messaging.port import Accepted, Deferred, Kind, Payload, Rejected, Text, Unknown, Unreadable
from tests.channels.words import Mark, guard_for, outgoing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#: Behaviour -> what a gateway's answer means; a rejection with why and whether for good.
EXPECTED: dict[str, Any] = {
    "accepts": Accepted,
    "accepts_202": Accepted,
    "continues": Accepted,
    "refuses_400": (Kind.OTHER, True),
    "refuses_413": (Kind.OTHER, True),
    "refuses_422": (Kind.OTHER, True),
    "auth_401": (Kind.AUTH, False),
    "auth_403": (Kind.AUTH, False),
    "settings_404": (Kind.SETTINGS, False),
    "settings_302": (Kind.SETTINGS, False),
    "settings_307": (Kind.SETTINGS, False),
    "later_429": Deferred,
    "later_503": Deferred,
    "later_408": Deferred,
    "says_no": (Kind.OTHER, True),
    "error_500": Unknown,
    "error_502": Unknown,
    "error_504": Unknown,
    "garbage": Unknown,
    "empty": Unknown,
    "other": Unknown,
    "status_207": Unknown,
    "half": Unknown,
    "not_http": Unknown,
    "nothing": Unknown,
    "hangs": Unknown,
    "reset": Unknown,
    "slow": Unknown,
    "endless": Unknown,
}
RETRY_AFTER_S = {"later_429": 7, "later_503": 120, "later_408": None}


def config(port: int, behaviour: str, **fields: Any) -> configs.Http:
    given: dict[str, Any] = {
        "url": f"http://127.0.0.1:{port}/{behaviour}",
        "headers": {"Authorization": "Bearer {secret.token}"},
        "json": {"to": "{to}", "text": "{text}", "options": [{"from": "{sender}"}, 1, None]},
        "secrets": {"token": "t0ken"},
        "sender": "Shop",
        "accepted_path": "messages.0.status",
        "accepted_values": ("queued", "sent"),
        "ref_path": "messages.0.id",
        "reason_path": "error.text",
        "idempotency_header": "Idempotency-Key",
        "timeout_s": 1,
    }
    return configs.Http(**(given | fields))


@contextlib.asynccontextmanager
async def web_for(*ports: int) -> Any:
    web = Web(guard_for(*ports))
    try:
        yield web
    finally:
        await web.close()


def text(**fields: Any) -> Any:
    return outgoing(
        "sms", **({"recipient": "+447911123456", "content": Text(text='Hi "Ann"\n{to}')} | fields)
    )


def kind_of(result: Any) -> Any:
    return (result.kind, result.permanent) if isinstance(result, Rejected) else type(result)


@pytest.mark.parametrize("behaviour", EXPECTED)
async def test_the_state_is_what_is_known(gateway, behaviour):
    port = gateway.ports["gateway"]
    mark, message = Mark(), text()
    async with web_for(port) as web:
        result = await Template(web).send(message, config(port, behaviour), committing=mark)
    assert kind_of(result) == EXPECTED[behaviour], result
    assert mark.count == 1
    asked = [
        row
        for row in gateway.took(behaviour)
        if row["headers"].get("idempotency-key") == str(message.send_id)
    ]
    assert len(asked) == 1
    if isinstance(result, Deferred):
        assert result.retry_after_s == RETRY_AFTER_S[behaviour]
    assert "not shown" not in repr(result)


async def test_redirects_are_not_followed(gateway):
    port = gateway.ports["gateway"]
    async with web_for(port) as web:
        await Template(web).send(text(), config(port, "settings_302"), committing=Mark())
    assert gateway.took("followed") == []


async def test_what_never_left_is_deferred_and_leaves_no_mark(gateway):
    """Nobody listens there; and a TLS greeting to a server that speaks none."""
    port = gateway.ports["gateway"]
    async with web_for(1, port) as web:
        mark = Mark()
        closed = await Template(web).send(text(), config(1, "x"), committing=mark)
        secure = config(port, "x", url=f"https://127.0.0.1:{port}/accepts")
        untls = await Template(web).send(text(), secure, committing=mark)
    assert isinstance(closed, Deferred), closed
    assert isinstance(untls, Deferred), untls
    assert mark.count == 0


async def test_the_gateway_gets_what_the_template_says_and_values_are_no_templates(gateway):
    port = gateway.ports["gateway"]
    message = text()
    async with web_for(port) as web:
        result = await Template(web).send(message, config(port, "accepts"), committing=Mark())
        form = config(port, "accepts_202", json=None, form={"To": "{to}", "Body": "{text}"}, headers={})
        await Template(web).send(message, form, committing=Mark())
    assert isinstance(result, Accepted)
    assert result.provider_ref == "m-1"
    row = next(
        row for row in reversed(gateway.took("accepts")) if str(message.send_id) in str(row["headers"])
    )
    assert json.loads(row["body"]) == {
        "to": "+447911123456", "text": 'Hi "Ann"\n{to}', "options": [{"from": "Shop"}, 1, None],
    }  # fmt: skip
    assert row["headers"]["authorization"] == "Bearer t0ken"
    assert gateway.took("accepts_202")[-1]["body"] == "To=%2B447911123456&Body=Hi+%22Ann%22%0A%7Bto%7D"


async def test_the_mark_comes_before_the_request_is_whole(gateway):
    """At the mark the gateway has not got it; a refused mark never lets it."""
    port = gateway.ports["gateway"]
    message = text()

    def asked() -> int:
        return sum(str(message.send_id) in str(row["headers"]) for row in gateway.took("accepts"))

    class Fenced(Exception):
        pass

    async def mark() -> None:
        assert asked() == 0
        raise Fenced

    async with web_for(port) as web:
        with pytest.raises(Fenced):
            await Template(web).send(message, config(port, "accepts"), committing=mark)
    assert asked() == 0


async def test_a_dead_gateway_holds_up_no_other_workspace_and_gets_no_more_than_ten_at_once(gateway):
    """Seen failing with one pool of ten for all."""
    port = gateway.ports["gateway"]
    earlier = len(gateway.took("hangs"))
    async with web_for(port) as web:
        slow = config(port, "hangs", timeout_s=30)
        waiting = [
            asyncio.create_task(Template(web).send(text(), slow, committing=Mark())) for _ in range(40)
        ]
        await asyncio.sleep(0.5)
        begun = time.monotonic()
        other = await Template(web).send(
            text(workspace_id=uuid4()), config(port, "accepts"), committing=Mark()
        )
        took_s = time.monotonic() - begun
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(other, Accepted)
    assert took_s < 1
    assert len(gateway.took("hangs")) == earlier + 10


async def test_a_retry_on_timeout_would_send_twice_without_a_key(gateway):
    """The control of T9: who takes `hangs` for a failure sends again, and the gateway has it twice."""
    port = gateway.ports["gateway"]
    message = text()
    async with web_for(port) as web:
        for _ in range(2):
            result = await Template(web).send(message, config(port, "hangs"), committing=Mark())
    assert isinstance(result, Unknown)
    keys = [row["headers"]["idempotency-key"] for row in gateway.took("hangs")]
    assert keys.count(str(message.send_id)) == 2
    assert Template(web).again_within_s(config(port, "hangs", idempotency_window_s=60)) == 60
    assert (
        Template(web).again_within_s(config(port, "x", idempotency_header=None, idempotency_window_s=60)) == 0
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://{to}.example.com/"},
        {"url": "https://example.com/", "headers": {"X": "{secret.other}"}},
        {"url": "https://example.com/", "headers": {"Host": "x"}},
        {"url": "https://example.com/", "headers": {"a b": "x"}},
        {"url": "https://example.com/", "json": {"a": "{password}"}},
        {"url": "https://example.com/", "form": {}},
    ],
    ids=[
        "host is a hole",
        "no such secret",
        "host header",
        "no header's name",
        "no such value",
        "two bodies",
    ],
)
async def test_a_template_that_cannot_work_is_refused_when_it_is_set(fields):
    async with web_for() as web:
        with pytest.raises(Invalid):
            await Template(web).check(config(1, "x", **fields))


async def test_a_value_cannot_add_a_header_or_leave_its_place_in_the_url(gateway):
    port = gateway.ports["gateway"]
    async with web_for(port) as web:
        injected = config(port, "accepts", headers={"X-To": "{to}"})
        refused = await Template(web).send(text(recipient="+44\r\nX: y"), injected, committing=Mark())
        assert isinstance(refused, Rejected)
        get = config(
            port, "accepts", url=f"http://127.0.0.1:{port}/accepts?to={{to}}", method="GET", json=None
        )
        await Template(web).send(text(recipient="+44&admin=1#x"), get, committing=Mark())
    assert gateway.took("accepts")[-1]["path"] == "/accepts?to=%2B44%26admin%3D1%23x"


# ---- webhooks


def told(**fields: Any) -> Any:
    return outgoing("webhook", recipient="", content=Payload(type="order.paid", data={"id": 1}), **fields)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("accepts", Accepted), ("refuses_400", Deferred), ("later_429", Deferred), ("error_500", Unknown),
        ("settings_302", (Kind.SETTINGS, False)), ("hangs", Unknown), ("garbage", Accepted),
    ],
)  # fmt: skip
async def test_a_webhook_is_tried_again_unless_it_was_heard(gateway, behaviour, expected):
    port = gateway.ports["gateway"]
    hook = configs.Webhook(url=f"http://127.0.0.1:{port}/{behaviour}", secret=SECRET, timeout_s=1)
    async with web_for(port) as web:
        result = await Webhook(web, time.time).send(told(), hook, committing=Mark())
        assert Webhook(web, time.time).again_within_s(hook) > 0
    assert kind_of(result) == expected, result


async def test_a_webhooks_signature_is_the_standards(gateway):
    """The vector of the Standard Webhooks libraries; and what the server got verifies, a changed body does not."""
    vector = webhook.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert vector == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    port = gateway.ports["gateway"]
    hook = configs.Webhook(
        url=f"http://127.0.0.1:{port}/accepts", secret=SECRET, former_secret="whsec_" + "QUFB" * 8
    )
    message = told()
    async with web_for(port) as web:
        await Webhook(web, lambda: 1_000_000.0).send(message, hook, committing=Mark())
    row = next(
        row
        for row in gateway.took("accepts")
        if row["headers"].get("webhook-id", "").endswith(message.send_id.hex)
    )
    body = row["body"].encode()
    assert webhook.verify((SECRET,), row["headers"], body, 1_000_200)
    assert webhook.verify(("whsec_" + "QUFB" * 8,), row["headers"], body, 1_000_000)
    assert not webhook.verify((SECRET,), row["headers"], body + b" ", 1_000_200)
    assert not webhook.verify((SECRET,), row["headers"], body, 1_000_301)
    assert not webhook.verify(("whsec_" + "QkJC" * 8,), row["headers"], body, 1_000_200)


def test_a_name_that_no_database_keeps_is_shortened_to_what_it_does():
    """With U+0000 in it the answer could not be noted, and the message went out again."""
    answer = Answer(200, {}, json.dumps({"id": "a\0b" + "c" * 1_000}).encode())
    took = template.parse(answer, configs.Http(url="https://example.com/", ref_path="id"))
    assert isinstance(took, Accepted) and took.provider_ref is not None
    assert took.provider_ref.startswith("abc") and len(took.provider_ref) == 200


# ---- reports


def test_reports_are_read_and_what_is_none_is_refused():
    send_id = outgoing().send_id
    body = json.dumps(
        {
            "reports": [
                {"state": "delivered", "ref": "m-1"},
                {"state": "bounced", "send_id": str(send_id), "reason": "off"},
            ]
        }
    ).encode()
    delivered, bounced = template.parse_reports(body)
    assert (delivered.provider_ref, delivered.state) == ("m-1", "delivered")
    assert (bounced.send_id, bounced.state, bounced.reason) == (send_id, "bounced", "off")
    assert bounced.raw["send_id"] == str(send_id)
    for bad in (
        b"",
        b"[]",
        b"{}",
        b'{"reports": [{"state": "read", "ref": "x"}]}',
        b'{"reports": [{"state": "delivered"}]}',
        b'{"reports": [{"state": "delivered", "ref": "a\\u0000"}]}',
    ):
        with pytest.raises(Unreadable):
            template.parse_reports(bad)


def test_a_report_that_nobody_signed_is_not_heard():
    signed = configs.Http(url="https://example.com/", report_secret=SECRET)
    headers = {
        "webhook-id": "r1", "webhook-timestamp": "1000",
        "webhook-signature": webhook.signature(SECRET, "r1", 1000, b"{}"),
    }  # fmt: skip
    assert template.verify(signed, headers, b"{}", 1100)
    assert not template.verify(signed, headers, b"{ }", 1100)
    assert not template.verify(signed, headers, b"{}", 9000)
    assert not template.verify(signed, {}, b"{}", 1100)
    assert not template.verify(configs.Http(url="https://example.com/"), headers, b"{}", 1100)
