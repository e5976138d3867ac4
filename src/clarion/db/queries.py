"""Named queries: a room's `queries.sql`, each `-- name: verb_noun` with a comment line below it."""

import re
from importlib.resources import files

_NAME = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


class Queries(dict[str, str]):
    """Query texts by name; `Q.find_profile` is the text of `-- name: find_profile`."""

    def __getattr__(self, name: str) -> str:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no query named {name}") from None


def load(room: str) -> Queries:
    """The queries of a room, by its package name. Raises ValueError for a name given twice."""
    text = files(room).joinpath("queries.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    names = parts[::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{room}: two queries of one name")
    return Queries(zip(names, (body.strip().rstrip(";") for body in parts[1::2]), strict=True))
