"""The settings as the errors and the reference speak of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from clarion.config.settings import Settings


class Field(Struct, frozen=True, kw_only=True):
    """One key as the reference and the errors speak of it."""

    kind: Any
    description: str
    expected: str
    default: str
    secret: bool


def _fields() -> dict[str, Field]:
    hints = get_type_hints(Settings, include_extras=True)
    return {field.name: _field(hints[field.name], field) for field in msgspec.structs.fields(Settings)}


def _field(hint: Any, field: msgspec.structs.FieldInfo) -> Field:
    metas = [meta for meta in _metas(hint) if isinstance(meta, Meta)]
    extra = next((meta.extra for meta in metas if meta.extra), {})
    return Field(
        kind=hint,
        description=next(meta.description for meta in metas if meta.description),
        expected=_expected(hint, metas),
        default=cast(str, extra.get("default"))
        or ("none" if field.default is None else f"`{field.default}`"),
        secret=bool(extra.get("secret")),
    )


def _metas(hint: Any) -> Iterable[Any]:
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _expected(hint: Any, metas: list[Meta]) -> str:
    base = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(base) is Literal:
        return "one of " + ", ".join(get_args(base))
    kinds = {int: "a whole number", str: "text", Path: "a path"}
    name = next(kinds[kind] for kind in (base, *get_args(base)) if kind in kinds)
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if low is not None and high is not None:
        return f"{name} from {low} to {high}"
    return name if low is None else f"{name}, at least {low}"


FIELDS: Mapping[str, Field] = _fields()
