"""The reference pages as a new user tries them: every curl line is sent to the server that shows it."""

import html
import re
import shlex
from base64 import b64encode
from typing import Any

import httpx2
import jsonschema_rs
import msgspec
import pytest

from clarion.dialects import DIALECTS
from clarion.dialects.smashsend.describe import REFERENCE as SMASHSEND
from torture.surfaces import NOT_YET, SURFACES, Caller


def send(line: str, variables: dict[str, str]) -> httpx2.Response:
    """What a shell and curl would send."""
    line = re.sub(r"\$(\w+)", lambda found: variables[found[1]], line.replace("\\\n", ""))
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


#: Lines that define what others ask for: in a workspace where nobody has defined it yet.
DEFINE = {("smartpush", "/createCustomMetric")}
LINES = [(name, n) for name, dialect in DIALECTS.items() for n in range(len(dialect.reference.calls))]


@pytest.fixture(scope="module")
def owner(server: Any) -> Caller:
    return server.new_owner()  # type: ignore[no-any-return]


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
    server: Any, owner: Caller, dialect: str, number: int
) -> None:
    surface, reference = SURFACES[dialect], DIALECTS[dialect].reference
    described = reference.calls[number]
    first = (dialect, described.path) in DEFINE
    caller = surface.caller(server.new_owner() if first else owner)
    places = {} if first else surface.places(caller, owner)
    variables = {"CLARION_KEY": caller.key} | places | dict(reference.beginning)
    answer = send(shown(server, dialect)[number], variables)
    wanted = NOT_YET.get((dialect, described.path), min(described.answers))
    assert answer.status_code == wanted, answer.text
    told = httpx2.get(f"{server.url}/docs/{dialect}/openapi.json").json()
    operation = told["paths"][described.path][described.method.lower()]
    content = operation["responses"][str(answer.status_code)].get("content", {})
    if "application/json" not in content:
        assert (answer.text == "") is (described.answer is None)
        return
    schema = content["application/json"]["schema"]
    jsonschema_rs.validate(schema | {"components": told["components"]}, answer.json())
    if wanted not in described.answers:
        return
    assert names(answer.json()) == names(msgspec.to_builtins(described.answer))


def names(told: Any) -> Any:
    """An object's keys; whether it is a list."""
    return told.keys() if isinstance(told, dict) else type(told)


def test_control_a_line_with_a_wrong_key_is_found_out(server: Any) -> None:
    assert send(shown(server, "smashsend")[0], {"CLARION_KEY": "sk_live_nobodys"}).status_code == 401


def test_the_page_shows_where_this_server_is(server: Any) -> None:
    assert "export store_id=self" in httpx2.get(f"{server.url}/docs/yotpo").text
    for line in shown(server, "smashsend"):
        assert f'"{server.url}/v1/' in line
    assert len(shown(server, "smashsend")) == len(SMASHSEND.calls)
