"""The management API described as OpenAPI 3.1, made from its routes and Structs."""

import inspect
from collections.abc import Sequence
from typing import Any

import msgspec

from clarion import __version__
from clarion.api.reply import Failure
from clarion.api.route import Declared, plain_path

_REFERENCE = "#/components/schemas/{name}"
_FAILURES = {
    "400": "The request breaks a rule.",
    "401": "No token, or one that opens nothing.",
    "403": "The token's role does not allow it.",
    "404": "No such thing in this workspace.",
    "408": "The body did not come in time.",
    "409": "There is one already.",
    "413": "The body is longer than any call needs.",
    "415": "The body is announced as something else than JSON.",
    "503": "Not now; Retry-After says when.",
}


def document(known: Sequence[Declared], prefix: str) -> dict[str, Any]:
    """The whole document."""
    answers, components = msgspec.json.schema_components(
        [one.answers for one in known] + [Failure], schema_hook=_any_value, ref_template=_REFERENCE
    )
    paths: dict[str, dict[str, Any]] = {}
    for one, answer in zip(known, answers, strict=False):
        path = paths.setdefault(prefix + plain_path(one.route.path), {})
        told, beside = _taken(one)
        path[one.route.method.lower()] = _operation(one, told, answer)
        components |= beside
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Clarion management API",
            "version": __version__,
            "description": "The workspace is that of the token; nothing in a request changes it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _any_value(kind: type) -> dict[str, Any]:
    """Values that we did not choose: a property of an event."""
    if kind is not object:
        raise NotImplementedError
    return {"description": "any JSON value"}


def _operation(one: Declared, told: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    route = one.route
    summary = inspect.getdoc(route.serve) or ""
    noun = route.serve.__module__.rpartition(".")[2]
    required = told.get("required", [])
    in_query = route.method == "GET"
    parameters = [
        _parameter(name, shape, "path" if name in one.places else "query", name in required)
        for name, shape in told["properties"].items()
        if in_query or name in one.places
    ]
    operation: dict[str, Any] = {
        "operationId": f"{noun}_{route.serve.__name__}",
        "summary": summary,
        "tags": [noun],
        "x-roles": sorted(route.allow),
        "responses": {
            str(route.status): {"description": "Done.", "content": _json(answer)},
            **{status: _failure(meaning) for status, meaning in _FAILURES.items()},
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if not in_query and (body := _body(told, one.places)):
        operation["requestBody"] = body
    return operation


def _taken(one: Declared) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of what a route takes, written out: it is no component, for the path fills in some of it.

    And those that it refers to, which are.
    """
    (reference,), components = msgspec.json.schema_components([one.takes], ref_template=_REFERENCE)
    shape: dict[str, Any] = components.pop(reference["$ref"].rpartition("/")[2])
    return shape, components


def _parameter(name: str, shape: dict[str, Any], place: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": shape}


def _body(told: dict[str, Any], places: Sequence[str]) -> dict[str, Any] | None:
    properties = {name: shape for name, shape in told["properties"].items() if name not in places}
    if not properties:
        return None
    shape = {
        "type": "object",
        "description": told.get("description", ""),
        "properties": properties,
        "required": [name for name in told.get("required", []) if name not in places],
        "additionalProperties": False,
    }
    return {"required": True, "content": _json(shape)}


def _failure(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": _json({"$ref": _REFERENCE.format(name=Failure.__name__)})}


def _json(shape: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}
