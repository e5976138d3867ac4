"""No target leads behind the installation: at set, at test, at send (T21). DNS is a fake, handed in.

`reached` counts connections to a canary on loopback; the control is a guard that looks only when something is set.
"""

import contextlib
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, ClassVar

import pytest

from clarion.channels import Guard, Web
from clarion.channels._outbound import Refused, allowed, is_denied, own_addresses
from clarion.channels._request import target
from clarion.channels.email.smtp import Smtp
from clarion.channels.template import Template
from clarion.channels.webhook import Webhook
from clarion.errors import Invalid, Misconfigured
from clarion.messaging import StoredProvider, configs, trying
from clarion.messaging.port import Accepted, Deferred, Kind, Rejected, Text
from tests.channels.words import NOW, WORKSPACE, Mark, outgoing

PUBLIC = "93.184.216.34"
#: As names: what the fake says they are.
NAMES: dict[str, list[str]] = {
    "loopback.test": ["127.0.0.1"],
    "loopback6.test": ["::1"],
    "localhost": ["127.0.0.1", "::1"],
    "one-of-two.test": [PUBLIC, "10.0.0.5"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "127.0.0.1.nip.io": ["127.0.0.1"],
    "10-0-0-1.sslip.io": ["10.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "linklocal.test": ["fe80::1%eth0"],
    "scoped.test": ["2606:4700::1%eth0"],
    "nonsense.test": ["not an address"],
    "xn--bcher-kva.test": ["192.168.1.1"],
    "nobody.test": [],
}
#: Hosts that must not be reached, as a caller would write them into a URL.
HOSTS = [
    "127.0.0.1", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1",
    "100.127.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
    "[2001::1]", "[2001:db8::1]", "[3fff::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fec0::1]", "[ff02::1]", "[100::1]", "[5f00::1]", "[0:0:0:0:0:0:0:1]",
    "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1", "1",
    "127.0.0.1.", "10.0.0.1.", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "LOCALHOST", "localhost.",
    "bücher.test", *NAMES, "a" * 300, "-.", "exa mple.com", "", "foo@127.0.0.1", "user:pass@example.com",
    "example.com\\@127.0.0.1", "127.0.0.1%2f.example.com", "example.com:25", "example.com:5432", "example.com:6379",
    "example.com:22", "example.com:0", "example.com:99999", "127.0.0.1:443",
]  # fmt: skip
SCHEMES = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "//example.com/",
    "example.com",
    "javascript:1",
]


class Names:
    """A fake DNS; a name given several answers changes its mind at each question."""

    def __init__(self, **changing: list[list[str]]) -> None:
        self.changing = {name.replace("_", "."): iter(answers) for name, answers in changing.items()}
        self.asked = 0

    async def __call__(self, host: str) -> list[str]:
        self.asked += 1
        if host in self.changing:
            return next(self.changing[host])
        if host not in NAMES and host != "example.com":
            raise OSError("no such name")
        return NAMES.get(host, [PUBLIC])


class LooksOnce(Guard):
    """The known bad: trusts what it saw when the provider was set."""

    looked: ClassVar[set[str]] = set()

    async def addresses(self, host: str, port: int, ports: frozenset[int]) -> list[str]:
        if host in self.looked:
            return await self.resolve(host)
        self.looked.add(host)
        return await super().addresses(host, port, ports)


def guard(names: Names | None = None, allow: str = "") -> Guard:
    return Guard(allowed(allow), names or Names(), own_addresses)


@contextlib.asynccontextmanager
async def web_on(own: Guard, port: int) -> Any:
    """The canary's port counts as usual, so that only the address can be refused."""
    web = Web(own, frozenset({80, 443, port}))
    try:
        yield web
    finally:
        await web.close()


def stored(kind: str, config: Any) -> StoredProvider:
    return StoredProvider(provider_id=WORKSPACE, channel="sms", kind=kind, config=config, changed_us=1)


def urls(port: int) -> Iterator[str]:
    for host in HOSTS:
        tail = "" if ":" in host.rpartition("]")[2] else f":{port}"
        yield f"http://{host}{tail}/x"
    yield from SCHEMES


def test_there_are_eighty_targets():
    assert len([*urls(1)]) >= 80
    assert len({*urls(1)}) == len([*urls(1)])


async def test_every_bad_target_is_refused_at_set_at_test_and_at_send(gateway):
    canary = gateway.ports["canary"]
    seen = len(gateway.took("canary"))
    async with web_on(guard(), canary) as web:
        template = Template(web)
        for url in urls(canary):
            config = configs.Http(url=url, timeout_s=2)
            assert await refused(template, config), url
            message = trying.trial(WORKSPACE, WORKSPACE, "sms", "+447911123456", NOW)
            with pytest.raises(Invalid):
                await trying.attempt({"http": template}, stored("http", config), message)
            mark = Mark()
            result = await template.send(outgoing("sms", content=Text(text="x")), config, committing=mark)
            assert isinstance(result, Rejected | Deferred), (url, result)
            assert mark.count == 0, url
    assert len(gateway.took("canary")) == seen, "somebody connected"


async def refused(provider: Any, config: Any) -> bool:
    try:
        await provider.check(config)
    except Invalid:
        return True
    return False


async def test_a_name_that_changes_its_mind_after_it_was_set_is_not_connected_to(gateway):
    """DNS rebinding; without a time to live, so asked at each connection."""
    canary = gateway.ports["canary"]
    seen = len(gateway.took("canary"))
    names = Names(rebinding_test=[[PUBLIC], ["127.0.0.1"]])
    async with web_on(guard(names), canary) as web:
        result = await set_and_sent(web, f"http://rebinding.test:{canary}/")
    assert isinstance(result, Rejected)
    assert (result.kind, result.permanent) == (Kind.SETTINGS, False)
    assert names.asked == 2
    assert len(gateway.took("canary")) == seen


async def test_a_guard_that_looks_only_when_it_is_set_reaches_the_canary(gateway):
    """The control."""
    canary = gateway.ports["canary"]
    seen = len(gateway.took("canary"))
    names = Names(rebinding_test=[[PUBLIC], ["127.0.0.1"]])
    async with web_on(LooksOnce(allowed(""), names, own_addresses), canary) as web:
        await set_and_sent(web, f"http://rebinding.test:{canary}/")
    assert len(gateway.took("canary")) == seen + 1


async def set_and_sent(web: Web, url: str) -> Any:
    template = Template(web)
    config = configs.Http(url=url, json={"text": "{text}"}, timeout_s=2)
    await template.check(config)
    return await template.send(outgoing("sms", content=Text(text="x")), config, committing=Mark())


async def test_a_name_is_resolved_once_a_connection_and_that_address_is_connected_to(gateway):
    """The name stays in Host. Allowed by name; a second send uses the open connection and asks nobody."""
    port = gateway.ports["gateway"]
    names = Names(gateway_test=[["127.0.0.1"], ["127.0.0.1"]])
    web = Web(Guard(allowed(f"gateway.test:{port}"), names, own_addresses))
    for _ in range(2):
        result = await Template(web).send(
            outgoing("sms", content=Text(text="x")),
            configs.Http(url=f"http://gateway.test:{port}/accepts", json={}),
            committing=Mark(),
        )
        assert isinstance(result, Accepted)
    await web.close()
    assert names.asked == 1
    rows = gateway.took("accepts")[-2:]
    assert [row["headers"]["host"] for row in rows] == [f"gateway.test:{port}"] * 2
    assert rows[0]["from_port"] == rows[1]["from_port"]


@pytest.mark.parametrize(
    "host", [host.strip("[]") for host in HOSTS if ":" not in host.rpartition("]")[2] and "@" not in host]
)
async def test_mail_servers_are_looked_at_too(host):
    smtp = Smtp(guard())
    config = configs.Smtp(host=host or " ", port=25, security="none", sender="a@example.com", timeout_s=1)
    with pytest.raises(Invalid):
        await smtp.check(config)
    mark = Mark()
    result = await smtp.send(outgoing(), config, committing=mark)
    assert isinstance(result, Rejected | Deferred)
    assert mark.count == 0


@pytest.mark.parametrize("port", [22, 80, 443, 5432, 6379, 26])
async def test_mail_goes_to_mails_ports_only(port):
    with pytest.raises(Refused):
        await Smtp(guard()).check(configs.Smtp(host="example.com", port=port, sender="a@example.com"))


async def test_public_targets_pass():
    """Or nothing would be shown by the refusals."""
    async with web_on(guard(), 80) as web:
        await Template(web).check(configs.Http(url="https://example.com/x"))
        await Template(web).check(configs.Http(url="http://93.184.216.34/x"))
        await Template(web).check(configs.Http(url="https://[2606:4700::1111]/x"))
        await Webhook(web, lambda: 0.0).check(
            configs.Webhook(url="https://example.com/", secret="whsec_" + "A" * 32)
        )
    for port in (25, 465, 587, 2525):
        await Smtp(guard()).check(configs.Smtp(host="example.com", port=port, sender="a@example.com"))


async def test_this_machines_own_addresses_are_not_public_either():
    own = Guard(allowed(""), Names(), lambda: frozenset({PUBLIC}))
    with pytest.raises(Refused):
        await own.addresses("example.com", 443, frozenset({443}))


async def test_the_installation_can_name_exceptions_and_no_more_than_it_names():
    own = guard(allow="10.0.0.0/8, sink.test:2525, [::1]:25, loopback.test:8025")
    assert await own.addresses("10.1.2.3", 25, frozenset({25})) == ["10.1.2.3"]
    assert await own.addresses("loopback.test", 8025, frozenset({25})) == ["127.0.0.1"]
    assert await own.addresses("::1", 25, frozenset()) == ["::1"]
    for host, port in [("10.1.2.3", 5432), ("loopback.test", 25), ("192.168.0.1", 25), ("127.0.0.1", 8025)]:
        with pytest.raises(Refused):
            await own.addresses(host, port, frozenset({25}))


@pytest.mark.parametrize("text", ["example.com", "10.0.0.0/99", "host:port", "10.0.0.1/8", ":25"])
def test_an_outbound_allow_that_makes_no_sense_is_refused(text):
    with pytest.raises(Misconfigured):
        allowed(text)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888"]
)
def test_public_addresses_are_not_denied(text):
    assert not is_denied(ip_address(text))


def test_a_url_is_taken_apart_once():
    assert target("https://Example.com/a?b=c#d").path == "/a?b=c"
    assert target("https://Example.com:443").authority == "example.com"
    assert target("http://[2606:4700::1111]:8080/").authority == "[2606:4700::1111]:8080"
