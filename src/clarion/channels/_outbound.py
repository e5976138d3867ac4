"""The one way out: a name is resolved once, every address is looked at, and that address is connected to.

What a workspace sets (a mail server, a gateway, a webhook) must not become a way to what stands behind this
installation. So a target is looked at when it is set, when it is tried, and again at each connection, by the address
itself: a name may mean something else a second later. `outbound_allow`, the installation's setting, names exceptions.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna
import psutil
from msgspec import Struct

from clarion import errors

HTTP_PORTS = frozenset({80, 443})
SMTP_PORTS = frozenset({25, 465, 587, 2525})
CONNECT_TIMEOUT_S = 10.0

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: A name to its addresses, as text; raises OSError.
Resolve = Callable[[str], Awaitable[list[str]]]
OwnAddresses = Callable[[], frozenset[str]]

_DENIED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network: connects to loopback
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local; clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
#: Of IPv6 only global unicast is let out, and of that not what wraps IPv4 or is not global after all.
_GLOBAL_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, benchmarks, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address inside
            "3fff::/20",
        ),
    )
)


class Refused(errors.Invalid):
    """A target that must not be reached, or a name that is none."""


class Allowed(Struct, frozen=True):
    """`outbound_allow`, read: names with a port, and networks (at the usual ports)."""

    targets: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()


def allowed(text: str | None) -> Allowed:
    """Read the setting: `host:port` or a network, with commas between. Raises Misconfigured."""
    targets: set[tuple[str, int]] = set()
    networks: list[Network] = []
    for one in filter(None, (part.strip() for part in (text or "").split(","))):
        host, colon, port = one.rpartition(":")
        try:
            if colon and port.isdigit() and (host.startswith("[") or ":" not in host):
                targets.add((canonical_host(host.strip("[]")), int(port)))
            else:
                networks.append(ip_network(one))
        except (ValueError, Refused):
            raise errors.Misconfigured(f"outbound_allow: {one} is neither host:port nor a network") from None
    return Allowed(frozenset(targets), tuple(networks))


class Guard(Struct, frozen=True):
    """Who may be connected to. `resolve` and `own` are parameters so that tests can say what names mean."""

    allowed: Allowed
    resolve: Resolve
    own: OwnAddresses

    async def addresses(self, host: str, port: int, ports: frozenset[int]) -> list[str]:
        """Where `host` is, one resolution, every address looked at. Raises Refused; OSError for no such name."""
        host = canonical_host(host)
        named = (host, port) in self.allowed.targets
        if port not in ports and not named:
            raise Refused(
                f"port {port} is not among {', '.join(map(str, sorted(ports)))}; outbound_allow can name {host}:{port}"
            )
        literal = _literal(host)
        found = [str(literal)] if literal else await self.resolve(host)
        if not found:
            raise OSError(f"{host} has no address")
        if not named:
            own = self.own()
            for text in found:
                self._look_at(host, port, text, own)
        return list(dict.fromkeys(found))

    async def check(self, host: str, port: int, ports: frozenset[int]) -> None:
        """The same for settings. Raises Refused, also for no such name."""
        try:
            await asyncio.wait_for(self.addresses(host, port, ports), CONNECT_TIMEOUT_S)
        except OSError as exc:  # a TimeoutError is one
            raise Refused(f"{host} cannot be resolved: {str(exc) or 'no answer in time'}") from exc

    async def connect(self, host: str, port: int, ports: frozenset[int], timeout_s: float) -> socket.socket:
        """A socket connected to an address that was looked at. Raises Refused, OSError (TimeoutError too)."""
        failed: OSError | None = None
        found = await asyncio.wait_for(self.addresses(host, port, ports), timeout_s)
        for address in found:
            try:  # one that does not answer leaves the others their share of the time
                return await asyncio.wait_for(_connected(address, port), timeout_s / len(found))
            except OSError as exc:
                failed = exc
        raise failed or OSError("no address")

    def _look_at(self, host: str, port: int, text: str, own: frozenset[str]) -> None:
        try:
            address = ip_address(text)
        except ValueError:
            raise Refused(f"{host} resolves to something that is no address") from None
        if any(address in network for network in self.allowed.networks):
            return
        if is_denied(address) or str(address) in own:
            raise Refused(
                f"{host} is a private, local or reserved address; who runs the installation can allow it by "
                f'outbound_allow = "{host}:{port}"'
            )


def is_denied(address: Address) -> bool:
    """Whether an address is not a public host's."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in _DENIED_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return True  # loopback, v4-mapped, NAT64, link-local, unique local, multicast …
    return any(address in network for network in _DENIED_V6)


def canonical_host(host: str) -> str:
    """Lower case, A-labels, no dot at the end. Raises Refused for what is no name and for numbers in disguise."""
    literal = _literal(host)
    if literal is not None:
        return str(literal)
    try:
        name = (
            idna.encode(host.rstrip("."), uts46=True, std3_rules=False, transitional=False)
            .decode("ascii")
            .lower()
        )
    except (idna.IDNAError, UnicodeError):
        name = host.rstrip(".").lower()
        if not name.isascii():
            raise Refused("the host is not a name") from None
    if not name or len(name) > 253 or not all(_is_label(label) for label in name.split(".")):
        raise Refused("the host is not a name")
    last = name.rpartition(".")[2]
    if _literal(name) is not None or last.isdigit() or last.startswith("0x"):
        # inet_aton reads 127.1, 0x7f.1, 017700000001 and 2130706433; whoever means an address writes it as one.
        raise Refused(f"{host!r} is a number that is no address")
    return name


def _is_label(label: str) -> bool:
    return 0 < len(label) <= 63 and all(c.isalnum() or c in "-_" for c in label) and label.isascii()


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


async def resolve(host: str) -> list[str]:
    """By the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]


def own_addresses() -> frozenset[str]:
    """This machine's own, on every interface: what listens on them is not for workspaces."""
    return frozenset(
        one.address.partition("%")[0]
        for found in psutil.net_if_addrs().values()
        for one in found
        if one.family in (socket.AF_INET, socket.AF_INET6)
    )


def guard(allow: str | None) -> Guard:
    """As an installation uses it. Raises Misconfigured for a setting that makes no sense."""
    return Guard(allowed(allow), resolve, own_addresses)
