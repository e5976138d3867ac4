"""`clarion vault`: the master key."""

from cyclopts import App

from clarion.accounts import rotation
from clarion.app import Rooms
from clarion.cli._call import with_rooms
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show_json, show_one, warn

app = App(name="vault", help="The master key: show, rotate.")


@app.command
def show(*, place: Place = HERE, json: Json = False) -> int:
    """Which master key wraps how many workspaces' keys. Exit 1 when one is not opened."""

    async def ask(rooms: Rooms) -> rotation.Wrappings:
        return await rotation.wrappings(rooms.database, rooms.master)

    found = with_rooms(place, "vault show", ask)
    show_one(found, json=json)
    if len(found.workspaces) > 1:
        warn("a rotation was begun and not ended: run `clarion vault rotate` to go on")
    return 1 if found.unopened else 0


@app.command
def rotate(*, place: Place = HERE, json: Json = False) -> None:
    """Change the master key while serving; cut off, it goes on when called again."""
    key_file = place.load().settings.master_key_file

    def say(step: str, done: int, of: int) -> None:
        if step == "wrapped" and not json and (done == of or done % 100 == 0):
            print(f"wrapped {done} of {of} workspaces' keys")

    async def work(rooms: Rooms) -> rotation.Wrappings:
        return await rotation.rotate(rooms.database, key_file, say)

    found = with_rooms(place, "vault rotate", work)
    if json:
        show_json(found)
        return
    print(
        f"The master key in {key_file} is {found.key} now. Copy it to where you keep it apart from the data."
    )
    print(
        "Backups made before this open with the old key alone: keep your copy of it as long as you keep them."
    )
