"""The calls that send, and the stores of prepared messages."""

from collections.abc import Sequence

from clarion.dialects._spoken import KB, Spoken
from clarion.dialects.esputnik.messages import sending, wire
from clarion.dialects.esputnik.messages.prepared import Serve, Store

_REQUEST = "3ff28330-f8ef-4636-92ac-86345c16995e"
_DONE = wire.Results("0", wire.Result("0", "test@gmail.com", "OK", request_id=_REQUEST))
_TWO = wire.Results(
    0,
    [
        wire.Result(0, "ann@example.com", "OK", request_id=_REQUEST),
        wire.Result(0, "bob@", "ERROR", message="'bob@' is not valid email"),
    ],
)
_STATUS = wire.Statuses(wire.Status("DELIVERED", _REQUEST, "false", "true"))
_SMARTSEND = (
    '{"recipients": [{"locator": "ann@example.com", "jsonParam": '
    '"{\\"discount\\": \\"5%\\", \\"items\\": [{\\"name\\": \\"Super Device\\", \\"price\\": 990}]}"}, '
    '{"locator": "bob@"}]}'
)
_EMAIL = (
    '{"from": "Shop <shop@example.com>", "subject": "Your order", "htmlText": "<p>It is on its way.</p>", '
    '"emails": ["ann@example.com"]}'
)
_TEXT = '{"from": "Shop", "text": "Your order is on its way.", "phoneNumbers": ["447911123456"]}'
_PREPARED = (
    '{"name": "Order shipped", "from": "Shop <shop@example.com>", "subject": "Your order, $!data.get(\'name\')", '
    '"htmlText": "<p>$!data.get(\'discount\')</p>", "tags": ["orders"]}'
)
_PREPARED_TEXT = (
    '{"name": "Order shipped by %s", "text": "Your code is $!data.get(\'code\')", "tags": ["orders"]}'
)
_RECIPIENTS = "1,000 recipients, %d MB. A full outbox is answered 503."
_LARGE = 16 * KB * KB

_SENDS = (
    Spoken(
        method="POST", path="/api/v1/message/{messageId}/smartsend", serve=sending.smartsend,
        body=wire.Smartsend, body_bytes_max=_LARGE, answers=wire.Results, answer=_TWO, sample=_SMARTSEND,
        limits=_RECIPIENTS % 16,
    ),
    Spoken(
        method="POST", path="/api/v1/message/email", serve=sending.email, body=wire.Email,
        body_bytes_max=4 * KB * KB, answers=wire.Results, answer=_DONE, sample=_EMAIL, limits=_RECIPIENTS % 4,
    ),
    Spoken(
        method="POST", path="/api/v1/message/sms", serve=sending.sms, body=wire.Sms, body_bytes_max=KB * KB,
        answers=wire.Results, answer=_DONE, sample=_TEXT, limits=_RECIPIENTS % 1,
    ),
    Spoken(
        method="POST", path="/api/v1/message/viber", serve=sending.viber, body=wire.Viber,
        body_bytes_max=KB * KB, answers=wire.Results, answer=_DONE, sample=_TEXT, limits=_RECIPIENTS % 1,
    ),
)  # fmt: skip


def _status(path: str, serve: Serve, sample: str) -> Spoken:
    return Spoken(
        method="GET", path=path, serve=serve, query=wire.Asked, answers=wire.Statuses, answer=_STATUS,
        sample_query=f"ids={sample}", limits="1,000 ids.",
    )  # fmt: skip


_STATUSES = (
    _status("/api/v1/message/status", sending.status, "$emailRequestId"),
    _status("/api/v1/message/email/status", sending.status_of("email"), "$emailRequestId"),
    _status("/api/v1/message/sms/status", sending.status_of("sms"), "$smsRequestId"),
    _status("/api/v1/message/viber/status", sending.status_of("viber"), "$viberRequestId"),
)


def _stores() -> Sequence[Spoken]:
    shown = wire.ShownEmail(
        7, "Order shipped", "Shop <shop@example.com>", "Your order", "<p>It is on its way.</p>", None, "", ["orders"],
        ["uk"],
    )  # fmt: skip
    text = wire.ShownText(8, "Order shipped", "Shop", "It is on its way.", ["orders"], [])
    return [
        *_store(Store("email", "emailId"), wire.NewEmail, wire.EmailChange, shown, _PREPARED),
        *_store(Store("sms", "smsId"), wire.NewText, wire.TextChange, text, _PREPARED_TEXT % "sms"),
        *_store(Store("viber", "viberId"), wire.NewText, wire.TextChange, text, _PREPARED_TEXT % "viber"),
    ]


def _store(
    store: Store,
    new: type[wire.NewEmail | wire.NewText],
    change: type[wire.EmailChange | wire.TextChange],
    shown: wire.ShownEmail | wire.ShownText,
    sample: str,
) -> Sequence[Spoken]:
    kind, path = type(shown), f"/api/v1/messages/{store.channel}"
    one = f"{path}/{{{store.place}}}"
    changed = '{"subject": "Your parcel"}' if store.channel == "email" else '{"text": "Your parcel comes."}'
    large = 4 * KB * KB
    return [
        Spoken(
            method="GET", path=path, serve=store.search, query=wire.Search, answers=list[kind],  # type: ignore[valid-type]
            answer=[shown], sample_query="search=order&startindex=1&maxrows=50", limits="500 a page.",
        ),
        Spoken(
            method="POST", path=path, serve=store.create, body=new, body_bytes_max=large, answers=wire.Made,
            answer=wire.Made(shown.id), sample=sample, limits="4 MB; names are unique, of all channels together.",
        ),
        Spoken(method="GET", path=one, serve=store.show, answers=kind, answer=shown),
        Spoken(
            method="PUT", path=one, serve=store.update, body=change, body_bytes_max=large, answers=wire.Made,
            answer=wire.Made(shown.id), sample=changed, limits="4 MB.",
        ),
        Spoken(
            method="DELETE", path=one, serve=store.delete, answers=wire.Made,
            answer=wire.Made(shown.id),
        ),
        Spoken(
            method="PUT", path=one + "/{language}", serve=store.set_language, body=change, body_bytes_max=large,
            answers=wire.Made, answer=wire.Made(shown.id), sample=changed, limits="4 MB.",
        ),
        Spoken(
            method="DELETE", path=one + "/{language}", serve=store.delete_language, answers=wire.Made,
            answer=wire.Made(shown.id),
        ),
    ]  # fmt: skip


MESSAGES: tuple[Spoken, ...] = (*_SENDS, *_STATUSES, *_stores())
