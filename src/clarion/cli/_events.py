"""Events as people see them in a table."""

from collections.abc import Iterable

import msgspec

from clarion.cli._call import example
from clarion.cli._options import Place
from clarion.dialects import DIALECTS
from clarion.events import StoredEvent
from clarion.serve import folder

COLUMNS = ("received_at", "name", "properties", "profile_id", "id")
_PROPERTIES_MAX = 120  # characters


def rows_of(events: Iterable[StoredEvent]) -> list[dict[str, str]]:
    """A line of COLUMNS for each; long properties are cut."""
    return [
        {
            "received_at": event.received_at[:23].replace("T", " "),
            "name": event.name,
            "properties": brief(event.properties),
            "profile_id": event.profile_id,
            "id": event.id,
        }
        for event in events
    ]


def brief(properties: dict[str, object]) -> str:
    """As JSON, cut where it is long."""
    text = msgspec.json.encode(properties).decode()
    return text if len(text) <= _PROPERTIES_MAX else f"{text[:_PROPERTIES_MAX]}…"


def first_event(place: Place, workspace: str | None) -> str:
    """A line of curl that sends one, with a key made for it."""
    name, dialect = next(iter(DIALECTS.items()))
    words = f"credential create --dialect {name} --bare"
    if workspace:
        words += f" --workspace {workspace}"
    settings = place.load().settings
    base_url = folder.served_at(settings.data) or settings.base_url
    return dialect.curl(base_url, f"$({example(words, place)})")
