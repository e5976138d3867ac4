"""`clarion acting`: whether anything is sent."""

import getpass
from typing import Annotated

from cyclopts import App, Parameter

from clarion import db
from clarion.app import Rooms
from clarion.cli._call import example, with_rooms
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show_one, warn
from clarion.db import instance

app = App(name="acting", help="Whether anything is sent: show, pause, resume.")


@app.command
def show(*, place: Place = HERE, json: Json = False) -> None:
    """Is anything sent, and if not, why."""

    async def ask(rooms: Rooms) -> instance.Acting:
        async with rooms.database.owner() as tx:
            return await _standing(rooms, tx)

    show_one(with_rooms(place, "acting show", ask, owner=True), json=json)


@app.command
def pause(
    because: Annotated[str, Parameter(help="Why, for whoever looks next.")] = "paused by hand",
    *,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Send nothing from now on; events are accepted and processed all the same."""
    show_one(_change(place, "acting pause", because), json=json)


@app.command
def resume(*, place: Place = HERE, json: Json = False) -> int:
    """Send again. Exit 1 where the next start will pause it, as that of a restored folder does."""
    now = _change(place, "acting resume", None)
    show_one(now, json=json)
    if now.paused:
        warn(f"nothing is resumed: start it first (`{example('serve', place)}`), look, and say it then")
    return int(now.paused)


def _change(place: Place, command: str, because: str | None) -> instance.Acting:
    actor = f"cli:{getpass.getuser()}"

    async def work(rooms: Rooms) -> instance.Acting:
        async with rooms.database.owner() as tx:
            if because is None:
                await instance.resume(tx, actor=actor)
            else:
                await instance.pause(tx, actor=actor, because=because)
            return await _standing(rooms, tx)

    return with_rooms(place, command, work, owner=True)


async def _standing(rooms: Rooms, tx: db.Tx) -> instance.Acting:
    settings = rooms.settings
    return await instance.foreseen(tx, settings.data, shared=settings.database_url is not None)
