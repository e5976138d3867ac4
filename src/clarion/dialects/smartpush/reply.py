"""What became of a request -> the vendor's status and words. Pure. The vendor publishes none; these are ours."""

from http import HTTPStatus
from typing import Any

from clarion.dialects import _words
from clarion.dialects._http import Answer
from clarion.dialects._words import Voice, Words
from clarion.dialects.smartpush import wire

SUCCESS = "SUCCESS"
PLAN = (
    "SmartPush's API needs the plan standard; this workspace's is {0}. Its owner changes it: "
    "clarion workspace set {1} --plan standard"
)
ALLOWED = (
    "This workspace is not on SmartPush's allow-list. Its owner puts it there: "
    "clarion workspace set {0} --api-allowed"
)
VOICE = Voice(
    dialect="smartpush",
    shape=lambda _status, message, code: wire.encode(wire.Failure(code, message)),
    words=Words(
        unauthorized="The API Token is missing, unknown or revoked: show it in the header Authorization or token",
        read_only="This API Token can only read",
    ),
    status={
        **_words.STATUS,
        wire.Malformed: HTTPStatus.BAD_REQUEST,
        wire.Duplicate: HTTPStatus.CONFLICT,
        wire.Denied: HTTPStatus.FORBIDDEN,
    },
    challenge="Bearer",
)


def done(kind: Any, data: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status.value, wire.encode(kind(SUCCESS, "success", data)))
