"""Fields that many wishes have."""

from typing import Annotated, TypeAlias

from msgspec import Meta

LIMIT_MAX = 1_000
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many at most.")]
#: PostgreSQL keeps no U+0000.
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern="^[^\\u0000]*$")]
Label: TypeAlias = Annotated[str, Meta(max_length=100, pattern="^[^\\u0000]*$")]
Before: TypeAlias = Annotated[str, Meta(max_length=64, description="`next` of the page before.")]
