"""`clarion config`: what is set, and where."""

from cyclopts import App

from clarion import config
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json

app = App(name="config", help="Settings: show, check, reference.")


@app.command
def show(place: Place = HERE, *, json: Json = False) -> None:
    """Every setting, its value, and where the value comes from. Passwords are not shown."""
    loaded = place.load()
    values = config.shown(loaded.settings)
    rows = [{"key": key, "value": values[key], "from": loaded.origins[key]} for key in values]
    show_rows(rows, ("key", "value", "from"), json=json)


@app.command
def check(place: Place = HERE, *, json: Json = False) -> None:
    """Read the settings as `serve` would; exit 1 with a sentence where they are wrong."""
    place.load()
    if json:
        show_json({"ok": True})
    else:
        print("The settings are fine.")


@app.command
def reference() -> None:
    """All settings, as Markdown (docs/reference/configuration.md)."""
    print(config.reference(), end="")
