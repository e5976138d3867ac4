"""The reference pages as a new user tries them: every curl line is sent to the server that shows it."""

import html
import re
import shlex
from base64 import b64encode
from typing import Any
from uuid import uuid4

import httpx2
import jsonschema_rs
import msgspec
import pytest

from clarion.dialects import DIALECTS
from clarion.dialects.smashsend.describe import REFERENCE as SMASHSEND
from tests.dialects.calls import basic, bearer


class Caller:
    """Somebody with a key and a shell; `variables` are what the page's lines want."""

    def __init__(self, server: Any, dialect: str) -> None:
        workspace = f"w{uuid4().hex[:12]}"
        server.run("workspace", "create", workspace)
        (key,) = {
            name: value
            for name, value in server.create_credential(dialect, workspace).items()
            if name in ("api_key", "token")
        }.values()
        self.server = server
        self.variables = {"CLARION_KEY": key}

    def send(self, line: str) -> httpx2.Response:
        """What a shell and curl would send."""
        line = re.sub(r"\$(\w+)", lambda found: self.variables[found[1]], line.replace("\\\n", ""))
        words = shlex.split(line)
        assert words[:2] == ["curl", "-X"]
        method, url, *options = words[2:]
        headers, body = {}, None
        for flag, value in zip(options[::2], options[1::2], strict=True):
            if flag == "-H":
                name, _, shown = value.partition(": ")
                headers[name] = shown
            elif flag == "-u":
                headers["Authorization"] = f"Basic {b64encode(value.encode()).decode()}"
            else:
                assert flag == "-d"
                body = value.encode()
        return httpx2.request(method, url, headers=headers, content=body, timeout=30)


def smashsend(caller: Caller) -> None:
    """One of everything that a line of SMASHSEND's page names."""
    caller.variables["email"] = f"{uuid4().hex}@example.com"
    made = call(caller, "POST", "/v1/contacts", {"properties": {"email": caller.variables["email"]}})[
        "contact"
    ]
    keys = f"/v1/workspaces/{made['workspaceId']}/api-keys"
    wish = {"displayName": uuid4().hex, "type": "SELECT"}
    caller.variables |= {
        "contactId": made["id"],
        "workspaceId": made["workspaceId"],
        "propertyId": call(caller, "POST", "/v1/contact-properties", wish)["property"]["id"],
        "apiKeyId": call(caller, "POST", keys, {"displayName": "to be archived"})["apiKey"]["id"],
    }


def esputnik(caller: Caller) -> None:
    """One of everything that a line of eSputnik's page names."""
    shop_id = uuid4().hex
    contact = {
        "channels": [{"type": "email", "value": f"{shop_id}@example.com"}],
        "firstName": "Ann",
        "externalCustomerId": shop_id,
        "address": {"town": "Kyiv"},
    }
    made = call(caller, "POST", "/api/v1/contact/subscribe", {"contact": contact, "groups": ["news"]})
    begun = call(caller, "POST", "/api/v1/contacts", {"contacts": [contact]})
    caller.variables |= {
        "contactId": str(made["id"]),
        "externalCustomerId": shop_id,
        "groupId": str(call(caller, "GET", "/api/v1/groups")[0]["id"]),
        "sessionId": begun["asyncSessionId"],
    }


#: What a dialect's caller has before any line is sent; a new dialect adds its own.
PREPARED = {"smashsend": smashsend, "esputnik": esputnik}
LINES = [(name, n) for name, dialect in DIALECTS.items() for n in range(len(dialect.reference.calls))]


def call(caller: Caller, method: str, path: str, body: Any = None) -> Any:
    show = basic if path.startswith("/api/") else bearer
    headers = {"Authorization": show(caller.variables["CLARION_KEY"])}
    answer = httpx2.request(method, caller.server.url + path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def callers(server: Any) -> dict[str, Caller]:
    return {name: Caller(server, name) for name in DIALECTS}


def shown(server: Any, dialect: str) -> list[str]:
    page = httpx2.get(f"{server.url}/docs/{dialect}")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert not re.search(r"""(?:src|href)=["']https?:""", page.text)
    blocks = re.findall(r'<pre><code class="language-sh">(.*?)</code></pre>', page.text, re.DOTALL)
    return [html.unescape(block) for block in blocks if "curl " in block]


@pytest.mark.parametrize(("dialect", "number"), LINES, ids=lambda value: str(value))
def test_every_curl_line_of_the_page_is_answered_as_the_openapi_says(
    server: Any, callers: dict[str, Caller], dialect: str, number: int
) -> None:
    caller = callers[dialect]
    PREPARED[dialect](caller)
    described = DIALECTS[dialect].reference.calls[number]
    answer = caller.send(shown(server, dialect)[number])
    assert answer.status_code == 200, answer.text
    told = httpx2.get(f"{server.url}/docs/{dialect}/openapi.json").json()
    operation = told["paths"][described.path][described.method.lower()]
    content = operation["responses"]["200"].get("content", {})
    if "application/json" not in content:
        assert (answer.text == "") is (described.answer is None)
        return
    schema = content["application/json"]["schema"]
    jsonschema_rs.validate(schema | {"components": told["components"]}, answer.json())
    assert names(answer.json()) == names(msgspec.to_builtins(described.answer))


def names(told: Any) -> Any:
    """An object's keys; whether it is a list."""
    return told.keys() if isinstance(told, dict) else type(told)


def test_control_a_line_with_a_wrong_key_is_found_out(server: Any, callers: dict[str, Caller]) -> None:
    caller = Caller(server, "smashsend")
    caller.variables["CLARION_KEY"] = "sk_live_nobodys"
    assert caller.send(shown(server, "smashsend")[0]).status_code == 401


def test_the_page_shows_where_this_server_is(server: Any) -> None:
    for line in shown(server, "smashsend"):
        assert f'"{server.url}/v1/' in line
    assert len(shown(server, "smashsend")) == len(SMASHSEND.calls)
