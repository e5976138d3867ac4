"""`clarion order`: what was bought."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call
from clarion.api import order_views as views
from clarion.api.nouns import order
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one
from clarion.orders import Status

app = App(name="order", help="Orders: what was bought, how far it is, by whom.")

_COLUMNS = ("external_order_id", "status", "date", "total_cost", "currency", "profile_id", "changed_at", "id")
_ITEM = ("externalItemId", "name", "category", "quantity", "cost")
_STATUS = ("status", "at", "event_id")
_AT_ONCE = 500


@app.command(name="list")
def list_(
    *,
    status: Annotated[str | None, Parameter(help="DELIVERED, IN_PROGRESS, …")] = None,
    profile: Annotated[str | None, Parameter(help="Of one person (prf_…).")] = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Orders, newest made first."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")
    if status is not None and status not in Status.__members__:
        raise errors.Invalid(f"--status is one of {', '.join(Status)}")

    async def ask(call: Call) -> list[views.Order]:
        found: list[views.Order] = []
        before = None
        while len(found) < limit:
            wish = order.List(
                status=None if status is None else Status(status), profile_id=profile, before=before,
                limit=min(_AT_ONCE, limit - len(found)),
            )  # fmt: skip
            page = await order.list_page(call, wish)
            found += page.orders
            before = page.next
            if before is None:
                break
        return found

    found = with_call(place, "order list", workspace, ask)
    if json:
        show_json(found)
    elif found:
        show_rows([_row(one) for one in found], _COLUMNS, json=False)
    else:
        print("No orders.")


@app.command
def show(number: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """One order by the shop's own id or by ours (ord_…): all its fields, its items, how it came to its status."""

    async def ask(call: Call) -> views.Order:
        page = await order.list_page(call, order.List(external_order_id=number))
        return page.orders[0] if page.orders else await order.show(call, order.One(number))

    found = with_call(place, "order show", workspace, ask)
    if json:
        show_json(found)
        return
    fields = {name: value for name, value in found.order.items() if name not in ("externalOrderId", "items")}
    head = {
        name: getattr(found, name) for name in ("id", "external_order_id", "profile_id", "by", "changed_at")
    }
    show_one(head | {f"field {name}": value for name, value in fields.items()}, json=False)
    for table, columns in ((found.order.get("items"), _ITEM), (found.statuses, _STATUS)):
        if table:
            print()
            show_rows([_filled(line, columns) for line in table], columns, json=False)


def _filled(line: Any, columns: Sequence[str]) -> dict[str, Any]:
    known = line if isinstance(line, dict) else msgspec.structs.asdict(line)
    return {column: known.get(column) for column in columns}


def _row(one: views.Order) -> dict[str, Any]:
    return {
        "external_order_id": one.external_order_id,
        "status": one.status,
        "date": one.order["date"],
        "total_cost": one.order["totalCost"],
        "currency": one.order["currency"],
        "profile_id": one.profile_id,
        "changed_at": one.changed_at,
        "id": one.id,
    }
