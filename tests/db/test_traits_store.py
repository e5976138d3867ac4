"""Typed traits in the tables: discovered, converted, refused with a trace, sealed later, found by name, refolded."""

from typing import Any
from uuid import UUID

import pytest

from clarion import errors, profiles
from clarion.model import Event, Identity, IdentityKind
from clarion.profiles import Arrival, Facts, Known, Wish


@pytest.fixture
def room(database, tenant, ids):
    return Room(database, tenant, ids)


class Room:
    """A workspace's profiles, told facts."""

    def __init__(self, database: Any, tenant: Any, ids: Any) -> None:
        self.database, self.tenant, self.ids = database, tenant, ids
        self.workspace_id: UUID = tenant.workspace_id

    async def member(self, value: str) -> UUID:
        identity = Identity(IdentityKind.EXTERNAL_ID, "test", value)
        arrival = Arrival(self.ids.next(), Event(name="x", occurred_at_us=0, identities=(identity,)), 1)
        async with self.database.owner() as tx:
            (member,) = await profiles.members_of(
                tx,
                self.workspace_id,
                profiles.Wanted.of([arrival], self.tenant.vault),
                vault=self.tenant.vault,
                ids=self.ids,
                remembered=Known(),
            )
        return member

    async def tell(self, member: UUID, stamp: int, **traits: Any) -> None:
        facts = Facts(traits, f"{stamp:016x}{UUID(int=stamp).hex}")
        async with self.database.owner() as tx:
            await profiles.fold_traits(
                tx, self.workspace_id, {member: [facts]}, vault=self.tenant.vault, ids=self.ids, cause="event"
            )

    async def traits(self, member: UUID) -> dict[str, Any]:
        async with self.database.owner() as tx:
            found = await profiles.read_profile(tx, self.workspace_id, member, vault=self.tenant.vault)
        assert found is not None
        return found.traits

    async def history(self, member: UUID) -> list[Any]:
        async with self.database.owner() as tx:
            return await profiles.history(tx, self.workspace_id, [member], vault=self.tenant.vault, limit=100)

    async def define(self, name: str, **wish: Any) -> profiles.ShownTrait:
        async with self.database.app(self.workspace_id) as tx:
            await profiles.define_trait(tx, self.workspace_id, name, Wish(**wish))
        while True:
            async with self.database.owner() as tx:
                if not await profiles.settle_trait(
                    tx, self.workspace_id, name, vault=self.tenant.vault, ids=self.ids
                ):
                    return await self.shown(name)

    async def shown(self, name: str) -> profiles.ShownTrait:
        async with self.database.app(self.workspace_id) as tx:
            return (await profiles.list_traits(tx, self.workspace_id, name=name))[0]

    async def join(self, root: UUID, member: UUID) -> None:
        async with self.database.owner() as tx:
            await tx.execute(
                "UPDATE profile SET root_id = $2 WHERE workspace_id = $1 AND profile_id = $3",
                self.workspace_id, root, member,
            )  # fmt: skip
            await profiles.refold(tx, self.workspace_id, [root], vault=self.tenant.vault)

    async def named(self, first: str | None = None, last: str | None = None) -> list[UUID]:
        async with self.database.app(self.workspace_id) as tx:
            return await profiles.find_by_name(
                tx, self.workspace_id, first=first, last=last, vault=self.tenant.vault, limit=10
            )

    async def dump(self) -> str:
        tables = ("profile", "profile_change", "trait", "trait_blind")
        async with self.database.owner() as tx:
            return "".join(
                [
                    str(await tx.fetchval(f"SELECT string_agg(t::text, '') FROM {table} AS t"))
                    for table in tables
                ]
            )


async def test_a_name_is_discovered_and_later_values_are_converted_or_refused_with_a_trace(room):
    ann = await room.member("ann")
    await room.tell(ann, 1, seats=5)
    await room.tell(ann, 2, seats="6")
    await room.tell(ann, 3, seats="many")
    assert await room.traits(ann) == {"seats": 6}
    shown = await room.shown("seats")
    assert (shown.type, shown.example, shown.refused) == ("integer", 5, 1)
    assert shown.refused_reason == "this text is no integer"
    refused = (await room.history(ann))[0]
    assert (refused.what, refused.value, refused.refused) == (
        "trait:seats", "many", "this text is no integer",
    )  # fmt: skip


async def test_a_trait_made_personal_is_found_nowhere_in_plain(room):
    ann, ben = await room.member("ann"), await room.member("ben")
    await room.tell(ann, 1, nick="canary-one")
    await room.tell(ann, 2, nick="canary-two")
    await room.tell(ann, 3, nick=["canary-three"], pets=["canary-four"])
    await room.tell(ben, 4, pets={"add": ["canary-five"]})
    await room.join(ann, ben)
    before = await room.dump()
    for canary in ("one", "two", "four", "five"):
        assert f"canary-{canary}" in before  # the control: sealing off finds them
    await room.define("nick", personal=True)
    await room.define("pets", personal=True)
    assert "canary" not in await room.dump()
    assert await room.traits(ann) == {"nick": '["canary-three"]', "pets": ["canary-four", "canary-five"]}
    assert {line.value for line in await room.history(ann) if line.what == "trait:nick"} >= {"canary-one"}
    await room.tell(ben, 5, pets={"remove": ["canary-four"]})
    await room.tell(ben, 6, pets={"remove": ["canary-five"]})
    assert "canary" not in await room.dump()
    assert (await room.traits(ann)).get("pets") is None
    assert (await room.shown("pets")).example is None


async def test_a_changed_type_is_applied_to_what_is_stored_and_what_does_not_convert_is_in_the_log(room):
    ann, ben = await room.member("ann"), await room.member("ben")
    await room.tell(ann, 1, age="30")
    await room.tell(ben, 2, age="old")
    assert not (await room.define("age", type="integer")).settling
    assert await room.traits(ann) == {"age": 30}
    assert await room.traits(ben) == {}
    assert ("old", "this text is no integer") in [
        (line.value, line.refused) for line in await room.history(ben)
    ]


async def test_first_and_last_names_are_found_whatever_their_case_until_they_change(room):
    ann = await room.member("ann")
    await room.tell(ann, 1, firstName=" Zoë ", lastName="STRAẞE")
    assert await room.named("zoe\u0308") == [ann]
    assert await room.named("ZOË", "strasse") == [ann]
    assert await room.named("Zoë", "Other") == []
    await room.tell(ann, 2, firstName="Ann", lastName=None)
    assert await room.named("Zoë") == []
    assert await room.named(last="strasse") == []
    assert await room.named("ann") == [ann]


async def test_people_of_several_members_hold_the_newest_of_each_and_it_stays_so(room):
    ann, ben = await room.member("ann"), await room.member("ben")
    await room.tell(ann, 1, plan="a", city="Kyiv", firstName="Ann")
    await room.tell(ben, 2, plan="b")
    await room.join(ann, ben)
    assert await room.traits(ann) == {"plan": "b", "city": "Kyiv", "first_name": "Ann"}
    await room.tell(ben, 3, city="Lviv", firstName=None)
    assert await room.traits(ben) == {"plan": "b", "city": "Lviv"}
    async with room.database.owner() as tx:
        await tx.execute("UPDATE profile SET root_id = profile_id WHERE workspace_id = $1", room.workspace_id)
        await profiles.refold(tx, room.workspace_id, [ann, ben], vault=room.tenant.vault)
    assert await room.traits(ann) == {"plan": "a", "city": "Kyiv", "first_name": "Ann"}


async def test_definitions_that_cannot_be(room):
    for name, wish in {
        "x": {"personal": True},
        "firstName": {"type": "integer"},
        "email": {"type": "text", "personal": False},
        "y": {"type": "text", "options": ("a",)},
    }.items():
        async with room.database.app(room.workspace_id) as tx:
            with pytest.raises(errors.Invalid):
                await profiles.define_trait(tx, room.workspace_id, name, Wish(**wish))


async def test_a_door_asks_before_it_takes(room):
    await room.define("size", type="choice", options=("s", "m"))
    async with room.database.app(room.workspace_id) as tx:
        found = await profiles.check_traits(tx, room.workspace_id, {"size": "xl", "other": 1})
    assert [(one.name, one.reason) for one in found] == [("size", "not among the options")]
