"""All that the management API can be asked: the table, and Starlette's routes made from it."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import starlette.routing
from starlette.requests import Request
from starlette.responses import Response

from clarion.accounts import DEVELOPERS, EVERYBODY, MARKETERS, OWNERS, Credentials
from clarion.api import openapi, reply
from clarion.api.door import Door
from clarion.api.nouns import (
    automation,
    consent,
    credential,
    event,
    job,
    ledger,
    message,
    metric,
    order,
    profile,
    provider,
    quarantine,
    rule,
    suppression,
    template,
    topic,
    trait,
    workspace,
)
from clarion.api.nouns import list as lists
from clarion.api.ports import Edge, Ports
from clarion.api.route import Declared, Route, Undeclared, declared

PREFIX = "/manage/v1"
_ANY = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

ROUTES = (
    Route("GET", "/workspace", workspace.show, EVERYBODY),
    Route("PATCH", "/workspace", workspace.change, OWNERS),
    Route("GET", "/credentials", credential.list_all, DEVELOPERS),
    Route("POST", "/credentials", credential.create, DEVELOPERS, 201),
    Route("PATCH", "/credentials", credential.set_rates, DEVELOPERS),
    Route("GET", "/credentials/use", credential.use, DEVELOPERS),
    Route("GET", "/credentials/{credential_id}", credential.show, DEVELOPERS),
    Route("GET", "/credentials/{credential_id}/rejected", credential.rejected, DEVELOPERS),
    Route("POST", "/credentials/{credential_id}/reveal", credential.reveal, DEVELOPERS),
    Route("POST", "/credentials/{credential_id}/revoke", credential.revoke, DEVELOPERS),
    # A search is a POST: what it asks for is personal and does not belong into a URL.
    Route("GET", "/profiles", profile.list_page, EVERYBODY),
    Route("POST", "/profiles/find", profile.find, EVERYBODY),
    Route("GET", "/profiles/{profile_id}", profile.show, EVERYBODY),
    Route("GET", "/profiles/{profile_id}/events", profile.timeline, EVERYBODY),
    Route("GET", "/profiles/{profile_id}/history", profile.history, EVERYBODY),
    Route("POST", "/profiles/{profile_id}/merge", profile.merge, DEVELOPERS),
    Route("POST", "/profiles/{profile_id}/unmerge", profile.unmerge, DEVELOPERS),
    Route("POST", "/profiles/{profile_id}/erase", profile.erase, DEVELOPERS),
    Route("POST", "/profiles/{profile_id}/export", profile.export, DEVELOPERS),
    Route("GET", "/erasures", profile.erasures, DEVELOPERS),
    Route("GET", "/erasures/{erasure_id}", profile.erasure, DEVELOPERS),
    Route("GET", "/events", event.list_page, EVERYBODY),
    Route("GET", "/events/{event_id}", event.show, EVERYBODY),
    Route("GET", "/metrics", metric.list_all, EVERYBODY),
    Route("GET", "/metrics/{name:path}", metric.show, EVERYBODY),
    Route("POST", "/metrics", metric.create, DEVELOPERS, 201),
    Route("PATCH", "/metrics/{name:path}", metric.change, DEVELOPERS),
    Route("DELETE", "/metrics/{name:path}", metric.delete, DEVELOPERS),
    Route("GET", "/traits", trait.list_all, EVERYBODY),
    Route("GET", "/traits/{name:path}", trait.show, EVERYBODY),
    Route("PUT", "/traits/{name:path}", trait.define, DEVELOPERS),
    Route("DELETE", "/traits/{name:path}", trait.delete, DEVELOPERS),
    Route("GET", "/orders", order.list_page, EVERYBODY),
    Route("GET", "/orders/{order_id}", order.show, EVERYBODY),
    Route("GET", "/lists", lists.list_all, EVERYBODY),
    Route("POST", "/lists", lists.create, MARKETERS, 201),
    Route("GET", "/lists/{list_id}", lists.show, EVERYBODY),
    Route("GET", "/lists/{list_id}/members", lists.members, EVERYBODY),
    Route("POST", "/lists/{list_id}/members/add", lists.add, MARKETERS),
    Route("POST", "/lists/{list_id}/members/remove", lists.remove, MARKETERS),
    Route("GET", "/suppressions", suppression.list_page, EVERYBODY),
    Route("POST", "/suppressions", suppression.add, MARKETERS),
    Route("POST", "/suppressions/find", suppression.find, EVERYBODY),
    Route("POST", "/suppressions/remove", suppression.remove, MARKETERS),
    Route("GET", "/topics", topic.list_all, EVERYBODY),
    Route("PUT", "/topics/{name:path}", topic.set_, MARKETERS),
    Route("GET", "/consents", consent.list_all, EVERYBODY),
    Route("POST", "/consents", consent.set_, MARKETERS),
    Route("POST", "/consents/find", consent.show, EVERYBODY),
    Route("GET", "/rules", rule.list_all, EVERYBODY),
    Route("GET", "/rules/{channel}", rule.show, EVERYBODY),
    Route("PATCH", "/rules/{channel}", rule.change, MARKETERS),
    Route("GET", "/automations", automation.list_all, EVERYBODY),
    Route("POST", "/automations", automation.create, MARKETERS, 201),
    Route("GET", "/automations/{automation_id}", automation.show, EVERYBODY),
    Route("PUT", "/automations/{automation_id}", automation.redraft, MARKETERS),
    Route("GET", "/automations/{automation_id}/runs", automation.runs, EVERYBODY),
    Route("POST", "/automations/{automation_id}/publish", automation.publish, MARKETERS),
    Route("POST", "/automations/{automation_id}/pause", automation.pause, MARKETERS),
    Route("POST", "/automations/{automation_id}/archive", automation.archive, MARKETERS),
    Route("GET", "/providers", provider.list_all, EVERYBODY),
    Route("PUT", "/providers/{channel}", provider.set_, DEVELOPERS),
    Route("POST", "/providers/{channel}/test", provider.test, DEVELOPERS),
    Route("GET", "/templates", template.list_all, EVERYBODY),
    Route("POST", "/templates", template.save, MARKETERS, 201),
    Route("GET", "/templates/{template_id}", template.show, EVERYBODY),
    Route("DELETE", "/templates/{template_id}", template.delete, MARKETERS),
    Route("POST", "/templates/{template_id}/preview", template.preview, EVERYBODY),
    Route("GET", "/messages", message.list_page, EVERYBODY),
    Route("POST", "/messages/find", message.find, EVERYBODY),
    Route("GET", "/messages/count", message.count, EVERYBODY),
    Route("POST", "/messages/bounce", message.bounce, DEVELOPERS),
    Route("GET", "/messages/{message_id}", message.explain, EVERYBODY),
    Route("GET", "/messages/{message_id}/raw", message.raw, EVERYBODY),
    Route("GET", "/quarantine", quarantine.list_page, EVERYBODY),
    Route("GET", "/quarantine/{quarantined_id}", quarantine.show, EVERYBODY),
    Route("POST", "/quarantine/{quarantined_id}/retry", quarantine.retry, DEVELOPERS),
    Route("POST", "/quarantine/{quarantined_id}/discard", quarantine.discard, DEVELOPERS),
    Route("GET", "/ledger", ledger.show, EVERYBODY),
    Route("GET", "/jobs", job.list_all, DEVELOPERS),
    Route("POST", "/jobs/{job_id}/retry", job.retry, DEVELOPERS),
)


def routes(
    ports: Ports, credentials: Credentials, table: Sequence[Route] = ROUTES
) -> list[starlette.routing.Route]:
    """Starlette's routes. Raises Undeclared where one of the table does not say who may call it or what it takes."""
    edge = Edge(
        ports=msgspec.structs.replace(ports, credentials_changed=credentials.forget), credentials=credentials
    )
    known = [declared(route) for route in table]
    document = msgspec.json.encode(openapi.document(known, PREFIX))

    async def describe(request: Request) -> Response:
        return reply.raw(200, document)

    async def nothing(request: Request) -> Response:
        return reply.unknown_path()

    return [
        *(_at(PREFIX + path, Door(edge, methods)) for path, methods in by_path(known).items()),
        _at("/manage/openapi.json", describe),
        _at("/manage/{rest:path}", nothing, methods=_ANY),
    ]


def _at(path: str, endpoint: Any, methods: Sequence[str] | None = None) -> starlette.routing.Route:
    """A route; unlike Starlette's own its `{…:path}` matches line breaks too: a metric's name may hold them."""
    route = starlette.routing.Route(path, endpoint, methods=methods)
    route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
    return route


def by_path(known: Sequence[Declared]) -> dict[str, dict[str, Declared]]:
    """Each path's routes by method, in the table's order. Raises Undeclared for one that is there twice."""
    found: dict[str, dict[str, Declared]] = {}
    for one in known:
        methods = found.setdefault(one.route.path, {})
        if one.route.method in methods:
            raise Undeclared(f"{one.route.method} {one.route.path}: is there twice")
        methods[one.route.method] = one
    return found
