"""What a dialect tells of its calls, and the OpenAPI 3.1 made of it. Pure.

A dialect has one table of `Described` calls; its OpenAPI, its reference page (`_page`) and the tests that send every
curl line of the page and thousands of made-up requests are made from that table and the wire Structs that it names.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from clarion import __version__

_REFERENCE = "#/components/schemas/{name}"
_PLACE = re.compile(r"{(\w+)}")
_SCHEME = "key"


class Described(Struct, frozen=True, kw_only=True):
    """One call. `answers`: what each status that is no failure brings: a type, `str` for a plain sentence, None for
    an empty body. `{name}` in `path` stands for a place.

    `sample` and `sample_query` work as they stand, and are answered as `answer` shows. `failures`: statuses beside
    those that all calls of the dialect have, and when; `limits`: a sentence.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, Any]
    answer: Any
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    sample: str = ""
    sample_query: str = ""
    limits: str = ""
    failures: Mapping[int, str] = {}

    @property
    def places(self) -> Sequence[str]:
        return _PLACE.findall(self.path)

    @property
    def operation_id(self) -> str:
        return f"{self.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', self.path).rstrip('_')}"


class Reference(Struct, frozen=True, kw_only=True):
    """All that a dialect tells. `about` is Markdown; `failure` the Struct of every failure, `failures` when they come.

    `scheme` is OpenAPI's word for how the key is shown, `option` the same for a curl line, with `{key}`. `places`:
    what stands in a path, by name; `beginning`: what the page has a shell set some of them to, before its first call.
    """

    title: str
    about: str
    scheme: Mapping[str, str]
    option: str
    failure: type[Struct]
    failures: Mapping[int, str]
    places: Mapping[str, str]
    beginning: Mapping[str, str] = {}
    calls: Sequence[Described]

    def failures_of(self, call: Described) -> dict[int, str]:
        """Every way in which a call can fail."""
        return dict(sorted({**self.failures, **call.failures}.items()))


def document(reference: Reference) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    shapes, components = _schemas(reference)
    for call in reference.calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(reference, call, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": reference.title, "version": __version__, "description": reference.about},
        "servers": [{"url": "/"}],
        "security": [{_SCHEME: []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {_SCHEME: dict(reference.scheme)}},
    }


def fields_of(kind: type[Struct]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Struct's schema, written out, and the schemas that it refers to."""
    (reference,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    return named(reference, components), components


def named(shape: dict[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    """What a reference stands for; anything else as it is."""
    found: dict[str, Any] = components[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    return found


def _schemas(reference: Reference) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    kinds = [reference.failure]
    for call in reference.calls:
        kinds += [kind for kind in call.answers.values() if kind is not None]
        kinds += [call.body] if call.body else []
    unique = list(dict.fromkeys(kinds))
    shapes, components = msgspec.json.schema_components(unique, ref_template=_REFERENCE)
    return dict(zip(unique, shapes, strict=True)), components


def _operation(reference: Reference, call: Described, shapes: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    failure = shapes[reference.failure]
    responses = {
        str(status): _response(meaning, failure) for status, meaning in reference.failures_of(call).items()
    }
    for status, kind in call.answers.items():
        key = str(status)
        if kind is None or kind is str:
            responses[key] = _plain(HTTPStatus(status).phrase, kind)
            continue
        shape = shapes[kind]
        if key in responses:
            shape = {"anyOf": [shape, failure]}
        responses[key] = _response(HTTPStatus(status).phrase, shape)
    operation: dict[str, Any] = {
        "operationId": call.operation_id,
        "summary": call.summary,
        "description": call.limits,
        "parameters": [*_places(reference, call), *_asked(call)],
        "responses": dict(sorted(responses.items())),
    }
    if call.body:
        operation["requestBody"] = {"required": bool(call.sample), "content": _json(shapes[call.body])}
    return operation


def _places(reference: Reference, call: Described) -> list[dict[str, Any]]:
    return [
        {
            "name": place,
            "in": "path",
            "required": True,
            "description": reference.places[place],
            "schema": {"type": "string", "minLength": 1},
        }
        for place in call.places
    ]


def _asked(call: Described) -> list[dict[str, Any]]:
    if call.query is None:
        return []
    shape, _ = fields_of(call.query)
    required = shape.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _said(field)}
        for name, field in shape["properties"].items()
    ]


def _said(shape: dict[str, Any]) -> dict[str, Any]:
    """What may stand in a query: to leave it out is to say null."""
    options = [one for one in shape.get("anyOf", []) if one != {"type": "null"}]
    return options[0] if len(options) == 1 else shape


def _response(meaning: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {"description": meaning, "content": _json(shape)}


def _plain(meaning: str, kind: type[str] | None) -> dict[str, Any]:
    """A sentence, or nothing."""
    if kind is None:
        return {"description": f"{meaning}, with an empty body"}
    return {"description": meaning, "content": {"text/plain": {"schema": {"type": "string"}}}}


def _json(shape: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}
