"""Dialects: the vendors' APIs that we speak, each in one package of the same shape.

`__init__` (what is spoken, words, what is not), `wire` (the vendor's types and names), `auth` (where the
credential hides), `rules` (what the vendor refuses), `mapping` (wire -> ours), `reply` (outcomes and errors
-> the vendor's words), `routes` (the only file that reads, awaits and answers), `describe` (the table of which
OpenAPI and reference page are made: `_openapi`, `_page`); `COVERAGE.csv` says which
statements of the vendor's contract hold and which test shows it. Dialects keep no tables and do not know each
other. What all of them need of HTTP is in `_http`, what they are given by the server in `_door`. The way in is
alike at every door (`_entry`), and so is how a request ends without its call's own answer: one set of words
(`_words`), in each vendor's shape and voice (`_voice`). Bodies of many events take turns (`_turns`) and are read by a
pure function of the dialect's (`_reading`), the large ones in a process beside (`_beside`, `_reader`).
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from clarion.accounts import NewCredential, SecretForm
from clarion.dialects._beside import Beside
from clarion.dialects._door import Door, Handler, Routes, Store, Table
from clarion.dialects._openapi import Described, Reference, document
from clarion.dialects._page import page
from clarion.dialects._turns import Turns
from clarion.dialects.esputnik import auth as esputnik_auth
from clarion.dialects.esputnik import describe as esputnik_describe
from clarion.dialects.esputnik import routes as esputnik_routes
from clarion.dialects.smartapppush import auth as smartapppush_auth
from clarion.dialects.smartapppush import describe as smartapppush_describe
from clarion.dialects.smartapppush import routes as smartapppush_routes
from clarion.dialects.smartpush import auth as smartpush_auth
from clarion.dialects.smartpush import describe as smartpush_describe
from clarion.dialects.smartpush import routes as smartpush_routes
from clarion.dialects.smashsend import auth as smashsend_auth
from clarion.dialects.smashsend import describe as smashsend_describe
from clarion.dialects.smashsend import routes as smashsend_routes
from clarion.dialects.yotpo import auth as yotpo_auth
from clarion.dialects.yotpo import describe as yotpo_describe
from clarion.dialects.yotpo import routes as yotpo_routes


class Dialect(Struct, frozen=True, kw_only=True):
    """What the server needs to know of a dialect.

    `form`: how its secrets look; `shown`: what its caller needs, by the vendor's names; `curl`: a first event, from
    the base URL and a key. `buckets`: its rate limits by name, requests a minute. `prefixes`: paths that are its,
    beside those it speaks; `unknown` answers there. `reference`: all its calls, for OpenAPI and the reference page.
    """

    form: SecretForm
    shown: Callable[[NewCredential], dict[str, str]]
    curl: Callable[[str, str], str]
    buckets: Mapping[str, int]
    prefixes: tuple[str, ...]
    routes: Callable[[Door], Routes]
    unknown: Callable[[Door], Handler]
    reference: Reference


DIALECTS: Mapping[str, Dialect] = {
    "smashsend": Dialect(
        form=smashsend_auth.FORM,
        shown=smashsend_auth.shown,
        curl=smashsend_auth.curl,
        buckets=smashsend_routes.BUCKETS,
        prefixes=("/v1/",),
        routes=smashsend_routes.routes,
        unknown=smashsend_routes.unknown,
        reference=smashsend_describe.REFERENCE,
    ),
    "esputnik": Dialect(
        form=esputnik_auth.FORM,
        shown=esputnik_auth.shown,
        curl=esputnik_auth.curl,
        buckets=esputnik_routes.BUCKETS,
        prefixes=("/api/",),
        routes=esputnik_routes.routes,
        unknown=esputnik_routes.unknown,
        reference=esputnik_describe.REFERENCE,
    ),
    "yotpo": Dialect(
        form=yotpo_auth.FORM,
        shown=yotpo_auth.shown,
        curl=yotpo_auth.curl,
        buckets=yotpo_routes.BUCKETS,
        prefixes=("/core/v3/", "/oauth/"),
        routes=yotpo_routes.routes,
        unknown=yotpo_routes.unknown,
        reference=yotpo_describe.REFERENCE,
    ),
    "smartpush": Dialect(
        form=smartpush_auth.FORM,
        shown=smartpush_auth.shown,
        curl=smartpush_auth.curl,
        buckets=smartpush_routes.BUCKETS,
        prefixes=tuple(path for _, path in smartpush_routes.PLACES),
        routes=smartpush_routes.routes,
        unknown=smartpush_routes.unknown,
        reference=smartpush_describe.REFERENCE,
    ),
    "smartapppush": Dialect(
        form=smartapppush_auth.FORM,
        shown=smartapppush_auth.shown,
        curl=smartapppush_auth.curl,
        buckets=smartapppush_routes.BUCKETS,
        prefixes=smartapppush_routes.PREFIXES,
        routes=smartapppush_routes.routes,
        unknown=smartapppush_routes.unknown,
        reference=smartapppush_describe.REFERENCE,
    ),
}

__all__ = [
    "DIALECTS",
    "Beside",
    "Described",
    "Dialect",
    "Door",
    "Handler",
    "Reference",
    "Routes",
    "Store",
    "Table",
    "Turns",
    "document",
    "page",
]
