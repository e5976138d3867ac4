"""`clarion trait`: what profiles hold."""

import sys
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from clarion.api import Call, Nothing
from clarion.api.nouns import trait
from clarion.cli._call import OfWorkspace, with_call
from clarion.cli._confirm import confirmed
from clarion.cli._losses import tell
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.profiles import ShownTrait
from clarion.profiles.conversion import TraitType

app = App(name="trait", help="Traits: what profiles hold, their types, and what was refused.")


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """All traits by name."""

    async def ask(call: Call) -> list[ShownTrait]:
        return await trait.list_all(call, Nothing())

    found = with_call(place, "trait list", workspace, ask)
    if not found and not json:
        print("No traits yet. Each becomes one with its first value; or see `trait define`.")
        return
    show_rows(found, ("name", "type", "personal", "group", "example", "refused"), json=json)


@app.command
def show(name: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """One trait, with how many values were refused and why the last."""

    async def ask(call: Call) -> ShownTrait:
        return await trait.show(call, trait.One(name))

    _show(with_call(place, "trait show", workspace, ask), json)


@app.command
def define(  # noqa: PLR0913 - an option each
    name: str,
    *,
    type: Annotated[TraitType | None, Parameter(help="A new trait needs one.")] = None,
    required: bool | None = None,
    readonly: bool | None = None,
    personal: Annotated[bool | None, Parameter(help="Sealed at rest, what is stored already too.")] = None,
    group: str | None = None,
    option: Annotated[list[str] | None, Parameter(help="One allowed choice; may be repeated.")] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Define a trait or change one; what is stored is converted and sealed accordingly."""
    wish = trait.Define(
        name=name, type=type, required=required, readonly=readonly, personal=personal, group=group,
        options=None if option is None else tuple(option),
    )  # fmt: skip

    async def do(call: Call) -> trait.Defined:
        changed = await trait.define(call, wish)
        done, affected = 0, changed.automations
        while changed.settling and (more := await trait.settle(call, name)):
            done += more
            sys.stderr.write(f"\r{done} more profiles hold it as defined")
            shown = await trait.show(call, trait.One(name))
            changed = trait.Defined(**msgspec.structs.asdict(shown), automations=affected)
        return changed

    changed = with_call(place, "trait define", workspace, do)
    if json:
        show_json(changed)
        return
    about = msgspec.structs.asdict(changed)
    del about["automations"]
    show_one(about, json=False)
    tell(changed.automations)


@app.command
def delete(
    name: str,
    *,
    yes: Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Delete a trait for good: its definition, what profiles hold of it, and by what that is found."""

    async def ask(call: Call) -> int:
        return await trait.count(call, name)

    async def do(call: Call) -> trait.Deleted:
        return await trait.delete(call, trait.One(name))

    held_by = with_call(place, "trait delete", workspace, ask)
    question = (
        f"Delete {name}: the definition, and the values of {held_by} profiles that hold it or did? Their history"
        " keeps what was told. There is no way back. [y/N] "
    )
    if not yes and not confirmed(question):
        warn("nothing was deleted")
        return 1
    gone = with_call(place, "trait delete", workspace, do)
    if json:
        show_json(gone)
    else:
        print(f"{name} is deleted. Its values go from {gone.held_by} profiles in a job; see `job list`.")
        tell(gone.automations)
    return 0


def _show(found: ShownTrait, json: bool) -> None:
    if json:
        show_json(found)
    else:
        show_one(msgspec.structs.asdict(found), json=False)
