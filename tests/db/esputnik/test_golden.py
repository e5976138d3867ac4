"""Golden triples of eSputnik's calls that are done at once, made of the page's own examples.

A file each in tests/dialects/esputnik/at_once/: requests, what the last says in our words, its answer. Of calls that
send and of the status the answer is made of recipients queued under the page's own request id. `CLARION_GOLDEN=write`
with this test writes what a changed mapping makes of them: read the difference before it is committed.
"""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from clarion import profiles
from clarion.dialects.esputnik import wire as vendor
from clarion.dialects.esputnik.contacts import mapping as contacts
from clarion.dialects.esputnik.contacts import unsubscribed
from clarion.dialects.esputnik.contacts import wire as contacts_wire
from clarion.dialects.esputnik.messages import mapping as messages
from clarion.dialects.esputnik.messages import wire as messages_wire
from clarion.dialects.esputnik.orders import mapping as orders
from clarion.dialects.esputnik.orders import wire as orders_wire
from clarion.messaging import State
from tests.db.esputnik.requests import define
from tests.db.test_golden_contacts import read as triple_of
from tests.db.test_golden_contacts import write

TRIPLES = sorted((Path(__file__).parents[2] / "dialects/esputnik/at_once").glob("*.json"))
FIELD = 12345  # the page's own
QUEUED = UUID("3ff28330-f8ef-4636-92ac-86345c16995e")


@pytest.mark.parametrize("path", TRIPLES, ids=lambda path: path.stem)
async def test_requests_become_these_words_and_this_answer(
    knock: Any, tenant: Any, database: Any, path: Path
) -> None:
    triple = triple_of(path)
    await have_field(database, tenant)
    for earlier in triple["earlier"]:
        assert (await knock(tenant, *earlier)).status_code == 200
    found = triple | await passed(knock, tenant, *triple["request"])
    if os.environ.get("CLARION_GOLDEN") == "write":
        write(path, found)
    assert found == triple


#: Per triple: a value of its request, and another that is read otherwise.
CHANGES = {
    "contacts": ("test@mail.com", "other@mail.com"),
    "message_status": (str(QUEUED), str(UUID(int=1))),
    "orders": ("447911123456 ", "447911123457 "),
    "orders_updated": ("DELIVERED", "CANCELLED"),
    "smartsend": ("value1", "value2"),
    "smartsend_as_printed": ("...", "test@gmail.com"),
    "unsubscribed_add": ("test1@mail.com", "test1"),
    "unsubscribed_delete": ("test2@mail.com", "test3@mail.com"),
}
ANSWERED_OTHERWISE = {"message_status", "smartsend_as_printed", "unsubscribed_add"}


@pytest.mark.parametrize("path", TRIPLES, ids=lambda path: path.stem)
async def test_a_golden_of_another_request_is_noticed(
    knock: Any, tenant: Any, database: Any, path: Path
) -> None:
    triple = triple_of(path)
    await have_field(database, tenant)
    request = json.dumps(triple["request"]).replace(*CHANGES[path.stem])
    found = await passed(knock, tenant, *json.loads(request))
    assert found["ours"] != triple["ours"]
    assert (found["answer"] != triple["answer"]) is (path.stem in ANSWERED_OTHERWISE)


async def passed(knock: Any, tenant: Any, method: str, place: str, body: Any = None) -> dict[str, Any]:
    """A request in our words, and its answer."""
    route, _, asked = place.partition("?")
    if route in SENDING:
        ours, answer = SENDING[route](body or dict([asked.split("=")]))
        return {"ours": plain(ours), "answer": plain(answer)}
    told = await knock(tenant, method, place, body)
    return {
        "ours": plain(AT_ONCE[route](body)),
        "answer": {"status": told.status_code, "body": shown(told.text)},
    }


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def shown(text: str) -> Any:
    """What is answered, without the ids of this run."""
    return json.loads(re.sub(r'(?<="asyncSessionId":")[0-9a-f-]{36}', "…", text)) if text else None


# ---- in our words


def imported(body: Any) -> Any:
    sent = read(body, contacts_wire.Contacts)
    return [
        contacts.restricted(contacts.told(one), sent.contact_fields, sent.custom_fields_ids or ())
        for one in sent.contacts
    ]


def ordered(body: Any) -> Any:
    return [orders.order(one, UTC) for one in read(body, orders_wire.Orders).orders]


def unsubscribing(body: Any) -> Any:
    return read(body, unsubscribed.Emails)


def sent(body: Any) -> tuple[Any, Any]:
    wanted = messages.recipients(read(body, messages_wire.Smartsend), "email")
    return wanted, messages.answer(
        [
            one if isinstance(one, messages.Refused) else messages.Queued(str(one.address), QUEUED)
            for one in wanted
        ]
    )


def asked_after(query: Any) -> tuple[Any, Any]:
    ours = messages.request_ids(vendor.read_query(query, messages_wire.Asked))
    return ours, messages.statuses(dict.fromkeys(ours, State.DELIVERED))


AT_ONCE: dict[str, Callable[[Any], Any]] = {
    "/api/v1/contacts": imported,
    "/api/v1/orders": ordered,
    "/api/v1/emails/unsubscribed/add": unsubscribing,
    "/api/v1/emails/unsubscribed/delete": unsubscribing,
}
SENDING: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "/api/v1/message/1/smartsend": sent,
    "/api/v1/message/status": asked_after,
}


def read(body: Any, kind: Any) -> Any:
    return vendor.read(json.dumps(body).encode(), kind)


async def have_field(database: Any, tenant: Any) -> None:
    """The page's own additional field, under its number."""
    async with database.app(tenant.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO number_counter (workspace_id, kind, last) VALUES ($1, $2, $3)",
            tenant.workspace_id,
            profiles.TRAIT,
            FIELD - 1,
        )
    assert await define(database, tenant, "favourite", type="text") == FIELD
