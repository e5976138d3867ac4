"""A dialect's reference page, as Markdown: for each call what it does, its fields, a curl line, the answer. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from clarion.dialects._openapi import Described, Reference, fields_of, named

_DEEP_MAX = 3  # objects in objects
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
    "null": "null",
}


def page(reference: Reference, base_url: str, key_command: str, openapi_url: str) -> str:
    """The whole page. Its curl lines read the key from $CLARION_KEY, and places from variables of their names."""
    parts = [
        f"# {reference.title}",
        reference.about,
        f"The base URL is `{base_url}`. Make a key where the server runs (with its `--data`, if it was started "
        "with one):",
        _fenced("sh", "\n".join(_exports(reference, key_command))),
        _yours(reference),
        f"For programs there is the same as [OpenAPI 3.1]({openapi_url}).",
        "\n".join(f"- [{_name(call)}](#{_anchor(call)}): {call.summary}" for call in reference.calls),
        *(part for call in reference.calls for part in _call(reference, call, base_url)),
        "## Failures",
        "Any call may be answered with these, always in the same shape:",
        _table(_fields(*fields_of(reference.failure), told="always")),
        "\n".join(f"- **{status}**: {meaning}" for status, meaning in sorted(reference.failures.items())),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _exports(reference: Reference, key_command: str) -> Iterator[str]:
    """What the curl lines read, but for ids that only an answer tells."""
    yield f"export CLARION_KEY=$({key_command})"
    yield from (f"export {place}={value}" for place, value in reference.beginning.items())


def _yours(reference: Reference) -> str:
    """How a place in a path is filled that only an answer tells; nothing where there is none."""
    places = [place for call in reference.calls for place in call.places if place not in reference.beginning]
    if not places:
        return ""
    return (
        f"Other names behind a `$` are yours to set before a line is sent, as `export {places[0]}=…`: an earlier "
        "answer tells the value."
    )


def curl(reference: Reference, call: Described, base_url: str) -> str:
    """A command line that works as it stands once $CLARION_KEY, and a variable for each place, are set."""
    path = re.sub(r"{(\w+)}", r"$\1", call.path)
    query = f"?{call.sample_query}" if call.sample_query else ""
    lines = [
        f'curl -X {call.method} "{base_url}{path}{query}"',
        reference.option.format(key="$CLARION_KEY"),
    ]
    if call.sample:
        # A name in the body is put there by the shell as well: it has to stand outside of what quotes the rest.
        body = re.sub(r"\$\w+", r"""'"\g<0>"'""", call.sample)
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _call(reference: Reference, call: Described, base_url: str) -> Iterator[str]:
    yield f"## {_name(call)}"
    yield f"{call.summary} {call.limits}".strip()
    for title, kind in (("In the query", call.query), ("In the body", call.body)):
        if kind is not None and (fields := list(_fields(*fields_of(kind)))):
            yield f"{title}:"
            yield _table(fields)
    places = [(f"`{place}`", "always", reference.places[place]) for place in call.places]
    if places:
        yield "In the path:"
        yield _table(iter(places))
    yield _fenced("sh", curl(reference, call, base_url))
    statuses = _either([str(status) for status in call.answers])
    if call.answer is None:
        yield f"The answer is {statuses}, with an empty body."
    else:
        yield f"The answer is {statuses}:"
        yield _answer(call.answer)
    if call.failures:
        yield "\n".join(f"- **{status}**: {meaning}" for status, meaning in sorted(call.failures.items()))


def _answer(answer: Any) -> str:
    if isinstance(answer, str):
        return _fenced("text", answer)
    return _fenced("json", msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())


def _fields(
    shape: Mapping[str, Any],
    components: Mapping[str, Any],
    told: str = "required",
    place: str = "",
    deep: int = 1,
) -> Iterator[tuple[str, str, str]]:
    """Name, whether it has to be there, and what it is; of what is inside as well."""
    for name, field in shape.get("properties", {}).items():
        required = told if name in shape.get("required", []) else ""
        about = field.get("description", "")
        yield f"`{place}{name}`", required, f"{_what(field, components)}{'. ' if about else ''}{about}"
        inside, mark = _inside(field, components)
        if inside is not None and deep < _DEEP_MAX:
            yield from _fields(inside, components, told, f"{place}{name}{mark}.", deep + 1)


def _inside(field: Mapping[str, Any], components: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The object with known fields that a field is, or is a list of."""
    for one in field.get("anyOf", [field]):
        shape = named(dict(one), dict(components))
        items = named(dict(shape.get("items", {})), dict(components))
        if "properties" in shape:
            return shape, ""
        if "properties" in items:
            return items, "[]"
    return None, ""


def _what(field: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """In words: text, 1 to 60 characters, matching …"""
    if "anyOf" in field:
        options = [_what(one, components) for one in field["anyOf"] if one != {"type": "null"}]
        return _either(options) + _default(field)
    shape = named(dict(field), dict(components))
    if "enum" in shape:
        return (
            "one of "
            + ", ".join(f"`{value}`" for value in shape["enum"] if value is not None)
            + _default(field)
        )
    kinds = shape.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    words = _either([_WORDS[kind] for kind in kinds]) or "anything"
    for name, unit in (("Length", "characters"), ("Items", "items"), ("imum", "")):
        words += _between(shape.get(f"min{name}"), shape.get(f"max{name}"), unit)
    if "pattern" in shape:
        words += f", matching `{shape['pattern']}`"
    return words + _default(field)


def _between(low: Any, high: Any, unit: str) -> str:
    if low is None and high is None:
        return ""
    span = f"at least {low:,}" if high is None else f"up to {high:,}" if not low else f"{low:,} to {high:,}"
    return f", {span} {unit}".rstrip()


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if value is None or value in ({}, [], ""):
        return ""
    return f"; `{msgspec.json.encode(value).decode().strip(chr(34))}` unless said"


def _either(options: list[str]) -> str:
    return " or ".join(dict.fromkeys(options))


def _table(rows: Any) -> str:
    lines = [f"| {name} | {required} | {_cell(what)} |" for name, required, what in rows]
    return "\n".join(["| | | |", "|---|---|---|", *lines]) if lines else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _fenced(kind: str, text: str) -> str:
    return f"```{kind}\n{text}\n```"


def _name(call: Described) -> str:
    return f"{call.method} {call.path}"


def _anchor(call: Described) -> str:
    return re.sub(r"[^\w\- ]", "", _name(call).lower()).replace(" ", "-")
