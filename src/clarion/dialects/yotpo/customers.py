"""Customers: written, and read again at once."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from clarion import errors, events, model, profiles
from clarion.db import Tx
from clarion.dialects._asked import Asked
from clarion.dialects._spoken import Spoken
from clarion.dialects.yotpo import mapping, rules, wire
from clarion.dialects.yotpo.auth import STORE
from clarion.dialects.yotpo.wire import Malformed
from clarion.model import Identity, IdentityKind, JSONObject, ProfileChange
from clarion.model.email import canonical_email
from clarion.profiles import FoundProfile
from clarion.vault import Vault

PAGE_MAX = 100
_WANTED_MAX = 100
_CURSOR = "cus"
_EXTERNAL_ID = IdentityKind.EXTERNAL_ID.name.lower()
#: The vendor's own fields, by our names; all other traits are custom properties.
OWN = {
    "first_name": "first_name",
    "last_name": "last_name",
    "gender": "gender",
    "language": "default_language",
    "default_currency": "default_currency",
    "account_created_at": "account_created_at",
    "account_status": "account_status",
    "accepts_email_marketing": "accepts_email_marketing",
    "accepts_sms_marketing": "accepts_sms_marketing",
}
_HIDDEN = frozenset({*OWN, "email", "phone"})


class Customer(wire.Customer, frozen=True):
    """A customer to be written: what is not named, or is null, stays."""

    first_name: str | None = None
    last_name: str | None = None
    gender: str | None = None
    default_language: str | None = None
    default_currency: str | None = None
    account_created_at: str | None = None
    account_status: str | None = None
    accepts_email_marketing: bool | None = None
    accepts_sms_marketing: bool | None = None


class Written(Struct, frozen=True):
    """A customer in the wrapper that the calls of version 3 have."""

    customer: Customer


class Shown(Struct, frozen=True, kw_only=True):
    """A customer as it is read."""

    external_id: str | None
    email: str | None
    phone_number: str | None
    created_at: str
    custom_properties: dict[str, Any]
    first_name: Any = None
    last_name: Any = None
    gender: Any = None
    default_language: Any = None
    default_currency: Any = None
    account_created_at: Any = None
    account_status: Any = None
    accepts_email_marketing: Any = None
    accepts_sms_marketing: Any = None


class OneCustomer(Struct, frozen=True):
    """The answer to a customer that was written."""

    customer: Shown


class Pagination(Struct, frozen=True):
    """Where the next page begins; null behind the last."""

    next_page_info: str | None


class Customers(Struct, frozen=True):
    """A page."""

    customers: list[Shown]
    pagination: Pagination


class Listing(Struct, frozen=True):
    """Which customers: those with these ids or e-mails (commas between them), else all, page by page."""

    external_ids: str | None = None
    emails: str | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 50
    page_info: str | None = None


async def write(asked: Asked) -> OneCustomer:
    """Create a customer, or change the one who is found by external_id, e-mail or phone number."""
    customer: Customer = asked.body.customer
    identities = mapping.identities(rules.whom(customer), asked.credential.namespace)
    change = ProfileChange(identities=identities, traits=told(customer))
    vault = await asked.vault()

    async def work(tx: Tx) -> FoundProfile:
        problems = await profiles.check_traits(tx, asked.workspace_id, change.traits)
        if problems:
            raise errors.Invalid(f"customer.{problems[0].name}: {problems[0].reason}")
        member = (
            await events.write_person(tx, asked.workspace_id, change, vault=vault, ids=asked.store.ids)
        ).member
        found = await profiles.read_profile(tx, asked.workspace_id, member, vault=vault)
        assert found is not None, "it was written"
        return found

    return OneCustomer(shown(await asked.transact(work), asked.credential.namespace))


async def list_all(asked: Asked) -> Customers:
    """List customers in the order in which they were made, or find some by external_id or e-mail."""
    wish: Listing = asked.query
    space = asked.credential.namespace
    wanted = _wanted(wish, space)
    after = None if wish.page_info is None else model.parse_id(_CURSOR, wish.page_info)
    if wish.page_info is not None and after is None:
        raise Malformed("page_info is not one of ours")
    vault = await asked.vault()

    async def work(tx: Tx) -> tuple[list[FoundProfile], UUID | None]:
        if wanted is not None:
            return await _find(tx, asked, wanted, vault), None
        page = await profiles.list_profiles(
            tx, asked.workspace_id, vault=vault, after=after, limit=wish.limit + 1, newest_first=False
        )
        roots = [person.profile_id for person in page[: wish.limit]]
        read = [await profiles.read_profile(tx, asked.workspace_id, root, vault=vault) for root in roots]
        return [one for one in read if one is not None], roots[-1] if len(page) > wish.limit else None

    found, last = await asked.transact(work)
    next_page = None if last is None else model.show_id(_CURSOR, last)
    return Customers([shown(one, space) for one in found], Pagination(next_page))


def told(customer: Customer) -> JSONObject:
    """What is told of a customer, by our names. Raises Malformed."""
    own = {ours: getattr(customer, theirs) for ours, theirs in OWN.items()}
    given = {name: value for name, value in own.items() if value is not None}
    return rules.traits(customer) | rules.values(given, "customer")


def shown(person: FoundProfile, namespace: str) -> Shown:
    """A person as the vendor shows a customer."""
    known = person.traits
    reached = {one["channel"]: one["value"] for one in reversed(person.addresses)}
    return Shown(
        external_id=next(
            (
                one["value"]
                for one in person.identities
                if one["kind"] == _EXTERNAL_ID and one["namespace"] == namespace
            ),
            None,
        ),
        email=reached.get("email"),
        phone_number=reached.get("sms"),
        created_at=person.created_at,
        custom_properties={name: value for name, value in known.items() if name not in _HIDDEN},
        **{theirs: known.get(ours) for ours, theirs in OWN.items()},
    )


def _wanted(wish: Listing, namespace: str) -> list[Identity] | None:
    """Raises Malformed."""
    if wish.external_ids is None and wish.emails is None:
        return None
    external_ids = [one.strip() for one in (wish.external_ids or "").split(",")]
    emails = [canonical_email(one) for one in (wish.emails or "").split(",")]
    wanted = [Identity(IdentityKind.EXTERNAL_ID, namespace, one) for one in external_ids if one]
    wanted += [Identity(IdentityKind.EMAIL, "", one) for one in emails if one]
    if len(wanted) > _WANTED_MAX:
        raise Malformed(f"no more than {_WANTED_MAX} customers can be asked for at once")
    return wanted


async def _find(tx: Tx, asked: Asked, wanted: Sequence[Identity], vault: Vault) -> list[FoundProfile]:
    """Each person once."""
    found = [await profiles.find_by_identity(tx, asked.workspace_id, one, vault=vault) for one in wanted]
    return list({person.id: person for person in found if person is not None}.values())


_ANN = (
    '{"customer": {"external_id": "12345", "email": "ann@example.com", "phone_number": "+447911123456", '
    '"first_name": "Ann", "custom_properties": {"loyalty_level": 3}}}'
)
_SHOWN = Shown(
    external_id="12345", email="ann@example.com", phone_number="+447911123456",
    created_at="2026-01-15T10:30:00+00:00", custom_properties={"loyalty_level": 3}, first_name="Ann",
)  # fmt: skip
CALLS = (
    *(
        Spoken(
            method=method, path=f"{STORE}/customers", serve=write, body=Written, sample=_ANN,
            answers=OneCustomer, answer=OneCustomer(_SHOWN),
        )
        for method in ("POST", "PATCH")
    ),
    Spoken(
        method="GET", path=f"{STORE}/customers", serve=list_all, query=Listing, sample_query="limit=50",
        answers=Customers, answer=Customers([_SHOWN], Pagination(None)),
    ),
)  # fmt: skip
