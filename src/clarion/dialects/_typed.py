"""JSON bodies into a vendor's types; what does not fit is told in the sentences of `_misfits`. Pure."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from clarion.dialects import _misfits

T = TypeVar("T")


def read(
    body: bytes | Raw, kind: type[T], malformed: Callable[[str], Exception], whole: str = _misfits.WHOLE
) -> T:
    """A body, or a part of one, which is then called `whole`. Raises `malformed` of a sentence for people."""
    try:
        wanted: Any = kind
        found: T = decoder(wanted)(body)
        return found
    except msgspec.ValidationError as exc:
        raise malformed(_misfits.said(str(exc), whole)) from exc
    except RecursionError as exc:
        raise malformed("The JSON is nested too deeply") from exc
    except UnicodeDecodeError as exc:
        raise malformed("The JSON holds text that is not valid UTF-8") from exc
    except ValueError as exc:
        raise malformed(_misfits.unreadable(str(exc))) from exc


@lru_cache(256)
def decoder(kind: Any) -> Callable[[bytes | Raw], Any]:
    """Made once a type."""
    return msgspec.json.Decoder(kind).decode
