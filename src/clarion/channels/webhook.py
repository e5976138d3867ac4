"""A server of the workspace's own, told as Standard Webhooks has it (standardwebhooks.com, read 2026-11).

The id is the send's through all tries, so the other side can know a repeat: a second try is harmless. Tries are the
outbox's business.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256

import msgspec

from clarion.channels import _answers
from clarion.channels._request import Answer, Failed, Request, Web
from clarion.messaging import configs
from clarion.messaging.port import Accepted, Committing, Deferred, Kind, Outgoing, Payload, Rejected, Result

SKEW_S_MAX = 300
_GONE = 410
_ID = "msg_"
#: The other side knows a repeat by its id for as long as it likes; we try for a day.
_AGAIN_WITHIN_S = 86_400


class Webhook:
    """The provider `webhook`. `now_s`: the clock of signatures."""

    def __init__(self, web: Web, now_s: Callable[[], float]) -> None:
        self._web = web
        self._now_s = now_s

    async def check(self, config: configs.Webhook) -> None:
        """Raises Invalid where the server must not be reached."""
        await self._web.check(config.url)

    async def send(self, message: Outgoing, config: configs.Webhook, *, committing: Committing) -> Result:
        """Tell it once."""
        if not isinstance(message.content, Payload):
            return Rejected(reason="not an object", permanent=True, kind=Kind.REFUSED_CONTENT)
        request = build(message, message.content, config, int(self._now_s()))
        try:
            answer = await self._web.ask(
                request, workspace_id=message.workspace_id, timeout_s=config.timeout_s, committing=committing
            )
        except Failed as exc:
            return _answers.of_failure(exc)
        return parse(answer)

    def again_within_s(self, config: configs.Webhook) -> int:
        return _AGAIN_WITHIN_S


def build(message: Outgoing, content: Payload, config: configs.Webhook, now_s: int) -> Request:
    """The request; every secret signs."""
    body = msgspec.json.encode(
        {"type": content.type, "timestamp": message.created_at.isoformat(), "data": content.data}
    )
    name = _ID + message.send_id.hex
    secrets = [secret for secret in (config.secret, config.former_secret) if secret]
    return Request(
        method="POST",
        url=config.url,
        headers={
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(now_s),
            "webhook-signature": " ".join(signature(secret, name, now_s, body) for secret in secrets),
        },
        body=body,
    )


def parse(answer: Answer) -> Result:
    """2xx: heard. 410: never again. Another refusal is tried again, as the standard asks."""
    if 200 <= answer.status < 300:
        return Accepted(None, _answers.said(answer))
    if answer.status == _GONE:
        return Rejected(reason="answered 410: gone", permanent=True, kind=Kind.BAD_ADDRESS)
    if 400 <= answer.status < 500:
        return Deferred(reason=f"answered {answer.status}", retry_after_s=_answers.retry_after_s(answer))
    return _answers.of_status(answer)


def signature(secret: str, name: str, timestamp_s: int, body: bytes) -> str:
    """`v1,…` of one secret (`whsec_` and base64)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{name}.{timestamp_s}.".encode() + body, sha256)
    return "v1," + base64.b64encode(signed).decode()


def verify(secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether one of the secrets signed this, within five minutes of now. Header names in lower case."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    if abs(int(stamp) - now_s) > SKEW_S_MAX:
        return False
    given = headers.get("webhook-signature", "").split(" ")[:8]
    try:
        valid = [signature(secret, name, int(stamp), body).encode() for secret in secrets]
    except binascii.Error:
        return False
    return sum(hmac.compare_digest(one.encode(), other) for one in given for other in valid) > 0
