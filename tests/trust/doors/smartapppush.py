"""SmartAppPush's door: the key stands in the body, and who acts is a number of the app's own, with a device."""

from collections.abc import Iterator
from typing import Any

import httpx2

from tests.trust import poison
from tests.trust.doors.front import KEY, Front, Verdict
from tests.trust.poison import KEPT, REFUSED, Poison, keys, quoted, several


def _event(name: bytes, who: bytes, given: bytes) -> bytes:
    return _written(b'"%s"' % name, b'"%s"' % who, b'"device of %s"' % who, b'{"given":' + given + b"}")


def _written(
    name: bytes = b'"@NAME"',
    user: bytes = b'"@MAIL"',
    token: bytes = b'"device of @MAIL"',
    params: bytes = b"{}",
    moment: bytes = b'"2026-01-01T00:00:00Z"',
    more: bytes = b'"platform":"web","timezone":"Europe/London","language":"en","country":"GB","session_id":"s"',
) -> bytes:
    told = (b'{"tenant_id":"self","api_key":"', KEY, b'","event_name":', name, b',"app_user_id":', user)
    said = (b',"device_token":', token, b',"params":', params, b',"event_time":', moment, b",", more, b"}")
    return b"".join((*told, *said))


def _value(raw: bytes) -> bytes:
    return _written(params=b'{"given":' + raw + b"}")


def _device(name: str, raw: bytes) -> bytes:
    """An event of whose device one thing is another."""
    said = {"platform": b'"web"', "timezone": b'"Europe/London"', "language": b'"en"', "country": b'"GB"'}
    said |= {"session_id": b'"s"', name: raw}
    return _written(more=b",".join(b'"%s":%s' % (key.encode(), one) for key, one in said.items()))


def _verdict(answer: httpx2.Response, items: int) -> Verdict:
    assert (answer.status_code, answer.json().keys()) == (200, {"fingerprint"}), answer.text
    return Verdict(items)


def _poisons() -> Iterator[Poison]:
    yield from poison.characters(_value)
    yield from poison.numbers(_value)
    yield from several(REFUSED, _value, _VALUES_REFUSED)
    yield from several(KEPT, _value, _VALUES_KEPT)
    yield from several(REFUSED, lambda raw: _written(params=raw), _PARAMS_REFUSED)
    yield from several(KEPT, lambda raw: _written(params=raw), _PARAMS_KEPT)
    yield from several(REFUSED, lambda raw: _written(name=raw), _NAMES)
    yield from several(REFUSED, lambda raw: _written(user=raw), _USERS)
    yield from several(REFUSED, lambda raw: _written(token=raw), _TOKENS)
    yield from several(REFUSED, lambda raw: _written(moment=raw), _TIMES)
    for (name, field), raw in _DEVICES.items():
        yield Poison(name=f"{name} for {field}", event=_device(field, raw), expected=REFUSED)
    yield from poison.bodies(_written())


_VALUES_REFUSED = {
    "arrays 15,000 deep": b"[" * 15_000 + b"]" * 15_000,
    "objects 40 deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
    "65 KB": b'"' + b"x" * 66_000 + b'"',
}
_VALUES_KEPT = {
    "objects 20 deep": b'{"a":' * 20 + b"1" + b"}" * 20,
    "keys of JavaScript": b'{"__proto__":{"admin":true},"constructor":1}',
    "60,000 characters": b'"' + b"x" * 60_000 + b'"',
}
_PARAMS_REFUSED = {
    "501 params": keys(501),
    "a list of params": b"[]",
    "text for params": b'"{}"',
}
_PARAMS_KEPT = {
    "500 params": keys(500),
    "personal names": b'{"email":1,"Phone":"2","first-name":true}',
    "an empty key": b'{"":1}',
}
_NAMES = {
    "NUL in the name": rb'"a\u0000"',
    "surrogate in the name": rb'"a\ud83d"',
    "an empty name": b'""',
    "256 characters of name": b'"' + b"a" * 256 + b'"',
    "a list for the name": b'["a"]',
    "no name": b"null",
}
_USERS = {
    "NUL in the app_user_id": rb'"a\u0000"',
    "surrogate in the app_user_id": rb'"\ud83d"',
    "256 characters of app_user_id": b'"' + b"u" * 256 + b'"',
    "a number of 5,000 digits for the app_user_id": b"9" * 5_000,
    "an object for the app_user_id": b'{"$gt":""}',
    "a boolean for the app_user_id": b"true",
}
_TOKENS = {
    "NUL in the device_token": rb'"a\u0000"',
    "4,097 characters of device_token": b'"' + b"t" * 4_097 + b'"',
    "a list for the device_token": b'["a"]',
    "no device_token": b"null",
}
_TIMES = {
    f"{name} for a time": raw
    for name, raw in {
        "year 20000": b'"20000-01-01T00:00:00Z"',
        "year 1": b'"0001-01-01T00:00:00+14:00"',
        "a day without its time": b'"2026-01-01"',
        "infinity": b'"infinity"',
        "30 February": b'"2026-02-30T00:00:00Z"',
        "an offset of 99 hours": b'"2026-01-01T00:00:00+99:99"',
        "NUL": rb'"2026-01-01T00:00:00Z\u0000"',
        "a number": b"1767225600",
        "nothing": b'""',
    }.items()
}
_DEVICES = {
    ("markup", "platform"): b'"<b>"',
    ("a way out of its folder", "timezone"): b'"../../etc/passwd"',
    ("a number", "timezone"): b"3",
    ("NUL", "language"): rb'"e\u0000"',
    ("homoglyphs", "language"): quoted("еn"),
    ("three letters", "country"): b'"GBR"',
    ("NUL", "session_id"): rb'"\u0000"',
    ("a list", "session_id"): b"[]",
}


def _traits(event: Any) -> Any:
    return {
        "language": event["language"],
        "countryCode": event["country"],
        "timezone": event["timezone"],
    }


SMARTAPPPUSH = Front(
    dialect="smartapppush",
    single="/events",
    batch=None,
    shown=lambda _key: "",
    event=_event,
    person=("external_id", "smartapppush"),
    shape=frozenset({"error"}),
    whole=True,
    verdict=_verdict,
    properties=lambda event: event["params"],
    traits=_traits,
    poisons=tuple(_poisons()),
)
