"""What callers hold at each door and ask for by its id, as a table: how it is made, and what asks for it.

A door that gains such a thing gets a line; test_isolation_doors.py runs over all of them.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

Request = tuple[str, str, Any]  # method, path, body; `{id}` stands for the id


class Held(Struct, frozen=True, kw_only=True):
    """`made`: by these, one after the other. `id_of`: the last answer -> the id. `asked`: the calls that name it.

    `nowhere`: an id of the same shape that nothing has. `told`: what its own workspace hears of it and nobody else.
    """

    dialect: str
    name: str
    made: tuple[Request, ...]
    id_of: Callable[[Any], str]
    asked: tuple[Request, ...]
    nowhere: str
    told: str


_EMAIL = "only@example.com"
_STORE = "/core/v3/stores/self"
_CHANNELS = [{"type": "email", "value": _EMAIL}]
_ORDER = {
    "externalOrderId": "only-1", "status": "INITIALIZED", "date": "2026-01-15T10:30:00Z", "totalCost": 10,
    "currency": "USD", "email": _EMAIL,
}  # fmt: skip

HELD = (
    Held(
        dialect="esputnik",
        name="contact",
        made=(("POST", "/api/v1/contact", {"channels": _CHANNELS}),),
        id_of=lambda told: str(told["id"]),
        asked=(
            ("GET", "/api/v1/contact/{id}", None),
            ("GET", "/api/v1/contacts/email?ids={id}", None),
            ("PUT", "/api/v1/contact/{id}", {"firstName": "Mallory"}),
            ("POST", "/api/v1/contact", {"id": "{id}", "firstName": "Mallory"}),
            ("DELETE", "/api/v1/contact/{id}", None),
            ("DELETE", "/api/v1/contact/{id}?erase=true", None),
        ),
        nowhere="4711",
        told=_EMAIL,
    ),
    Held(
        dialect="esputnik",
        name="customer",
        made=(("POST", "/api/v1/contact", {"channels": _CHANNELS, "externalCustomerId": "only-17"}),),
        id_of=lambda told: "only-17",
        asked=(
            ("DELETE", "/api/v1/contact?externalCustomerId={id}", None),
            ("DELETE", "/api/v1/contact?externalCustomerId={id}&erase=true", None),
        ),
        nowhere="nobody-17",
        told="has been deleted",
    ),
    Held(
        dialect="esputnik",
        name="group",
        made=(
            ("POST", "/api/v1/contact/subscribe", {"contact": {"channels": _CHANNELS}, "groups": ["only"]}),
            ("GET", "/api/v1/groups", None),
        ),
        id_of=lambda told: str(told[0]["id"]),
        asked=(
            ("GET", "/api/v1/group/{id}/contacts", None),
            ("POST", "/api/v1/group/{id}/contacts/attach", {"emails": [_EMAIL]}),
            ("POST", "/api/v1/group/{id}/contacts/detach", {}),
        ),
        nowhere="4711",
        told=_EMAIL,
    ),
    Held(
        dialect="esputnik",
        name="import",
        made=(("POST", "/api/v1/contacts", {"contacts": [{"channels": _CHANNELS}]}),),
        id_of=lambda told: str(told["asyncSessionId"]),
        asked=(("GET", "/api/v1/importstatus/{id}", None),),
        nowhere="0199c0ff-ee00-7000-8000-000000000001",
        told="PENDING",
    ),
    Held(
        dialect="esputnik",
        name="order",
        made=(("POST", "/api/v1/orders", {"orders": [_ORDER]}),),
        id_of=lambda told: "only-1",
        asked=(("DELETE", "/api/v1/orders?externalOrderId={id}", None),),
        nowhere="nothing-1",
        told="",  # its answer is empty, whoever asks
    ),
    Held(
        dialect="smashsend",
        name="contact",
        made=(("POST", "/v1/contacts", {"properties": {"email": _EMAIL}}),),
        id_of=lambda told: str(told["contact"]["id"]),
        asked=(
            ("GET", "/v1/contacts/{id}", None),
            ("PUT", "/v1/contacts/{id}", {"properties": {"firstName": "Mallory"}}),
            ("DELETE", "/v1/contacts/{id}", None),
        ),
        nowhere="prf_0199c0ffee0070008000000000000001",
        told=_EMAIL,
    ),
    Held(
        dialect="smashsend",
        name="workspace",
        made=(("GET", "/v1/api-keys/current", None),),
        id_of=lambda told: str(told["apiKey"]["workspaceId"]),
        asked=(
            ("GET", "/v1/workspaces/{id}/api-keys", None),
            ("POST", "/v1/workspaces/{id}/api-keys", {"displayName": "mine", "role": "VIEWER"}),
        ),
        nowhere="wrk_0199c0ffee0070008000000000000001",
        told="ACTIVE",
    ),
    Held(
        dialect="yotpo",
        name="customer",
        made=(("POST", f"{_STORE}/customers", {"customer": {"external_id": "only-17", "email": _EMAIL}}),),
        id_of=lambda told: "only-17",
        asked=(("GET", f"{_STORE}/customers?external_ids={{id}}", None),),
        nowhere="nobody-17",
        told=_EMAIL,
    ),
)
