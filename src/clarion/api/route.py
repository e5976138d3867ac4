"""One route: who may call it, what it takes, what it answers. All of it is declared, or the server does not start.

Roles stand in the table; what is taken and answered are the annotations of the function that serves it.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_type_hints

import msgspec
from msgspec import Struct

from clarion import accounts
from clarion.api.ports import Call

Serve = Callable[[Call, Any], Awaitable[Any]]
_PLACEHOLDER = re.compile(r"{(\w+)(?::path)?}")


class Undeclared(Exception):
    """A route does not say what it must; the text says which and what."""


class Route(Struct, frozen=True):
    """A line of the table. `allow`: the roles that may call it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    serve: Serve
    allow: frozenset[str]
    status: int = 200


class Declared(Struct, frozen=True):
    """A route with its types. `places`: the names that its path fills in."""

    route: Route
    takes: type[Struct]
    answers: Any
    places: tuple[str, ...]


def declared(route: Route) -> Declared:
    """Raises Undeclared."""
    name = f"{route.method} {route.path}"
    if not route.allow:
        raise Undeclared(f"{name}: say which roles may call it")
    if unknown := route.allow - accounts.EVERYBODY:
        raise Undeclared(f"{name}: there are no roles {', '.join(sorted(unknown))}")
    hints = get_type_hints(route.serve, include_extras=True)
    takes = hints.get("wish")
    if not (isinstance(takes, type) and issubclass(takes, Struct)):
        raise Undeclared(f"{name}: annotate `wish` with the Struct that it takes")
    if not takes.__struct_config__.forbid_unknown_fields:
        raise Undeclared(f"{name}: {takes.__name__} must refuse unknown fields")
    if hints.get("return") in (None, Any):
        raise Undeclared(f"{name}: annotate what it answers")
    places = tuple(_PLACEHOLDER.findall(route.path))
    if lost := set(places) - {field.encode_name for field in msgspec.structs.fields(takes)}:
        raise Undeclared(f"{name}: {takes.__name__} does not take {', '.join(sorted(lost))}")
    return Declared(route, takes, hints["return"], places)


def plain_path(path: str) -> str:
    """As OpenAPI writes it: `{name:path}` is `{name}`."""
    return _PLACEHOLDER.sub(r"{\1}", path)
