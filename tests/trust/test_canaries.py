"""Canaries: personal data and keys that go in through the door are found in no file and no log, in no encoding.

The control runs the same with a vault that seals nothing (unsealed.py): there every sealed canary must be found.
"""

import asyncio
import base64
import contextlib
import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
import pytest
import zstandard
from msgspec import Struct

from clarion import config
from clarion.accounts import load_data_key
from clarion.app import rooms
from clarion.db.engine import borrowed
from clarion.events.journal import pack_block
from clarion.model import Event, Identity, IdentityKind, Source
from tests.e2e.conftest import Server
from torture.served import Served

pytestmark = pytest.mark.timeout(180)

MARK = "zqxkanari"  # in every canary, so that a search looks for it first
DIGITS = "4915177701"  # the same for phones, which hold nothing but digits


def word(number: int) -> str:
    return f"{MARK}{number:03d}q"


def email(number: int) -> str:
    return f"{word(number)}@birds.example"


def phone(number: int) -> str:
    return f"{DIGITS}{number:03d}"


#: What is stored, and so must be sealed: where it goes in -> the canary.
SEALED = {
    "identify.email": email(1),
    "identify.email of a batch": email(2),
    "an international identify.email": f"ü{email(3)}",
    "traits.firstName": word(4),
    "traits.last_name": word(5),
    "traits.phone": phone(6),
    "traits.email": email(7),
    "traits.Full Name": word(8),
    "traits.name": word(9),
    "traits.address": word(10),
    "traits.street-address": word(11),
    "traits.zip": word(12),
    "traits.mobile in a list": phone(13),
    "traits.passportNumber": word(14),
    "traits.firstName before it changed": word(15),
    "properties.email": email(16),
    "properties.phone": phone(17),
    "properties.customer.email": email(18),
    "properties.a.b.lastName": word(19),
    "properties.shipping_address.city": word(20),
    "properties.recipientEmail in a list": email(21),
    "properties.IP-Address": word(22),
    "properties.deviceToken": word(23),
    "properties.tel as a number": phone(24),
    "context.ip": word(25),
    "context.page.url": f"https://birds.example/?email={email(26)}",
    "context.userAgent": word(27),
    "external_id": word(28),
    "anonymous_id": word(29),
    "phone identity": phone(30),
    "quarantined e-mail": email(31),
    "quarantined trait": word(32),
    "quarantined property": word(33),
    "quarantined context": word(34),
    "quarantined unpersonal property": word(35),
    "a refused event's e-mail": f"{word(66)} @birds.example",
    "a refused event's trait": word(67),
    "a refused event's property": word(68),
    "a refused event's name": f"é{word(69)}",
    "a refused event of a batch": email(70),
    "a body that is no JSON": word(71),
}
#: What is kept nowhere in any form but a keyed hash, if at all.
NEVER = {
    "messageId that is an e-mail": email(61),
    "messageId of a batch": email(62),
    "messageId of a repeat": email(63),
    "an unknown API key": f"sk_live_{word(64)}",
    "a key with another scheme": word(65),
    "a body that is no gzip": word(72),
    "a body without a key": email(73),
    "a field that nobody reads": word(74),
    "the query": email(75),
    "an unknown path": email(76),
    "a cookie": word(77),
    "the User-Agent": word(78),
    "another header": word(79),
    "a management token that is none": f"clarion_{word(80)}",
    "an e-mail that nobody has, searched for": email(81),
    "a management call's unknown field": word(82),
    "a duplicate's trait": word(83),
    "a management path": word(84),
}
CANARIES = SEALED | NEVER


# ---- the search


def raw(text: str) -> list[bytes]:
    return [text.encode()]


def hexadecimal(text: str) -> list[bytes]:
    return [text.encode().hex().encode(), text.encode().hex().upper().encode()]


def wide(text: str) -> list[bytes]:
    return [text.encode("utf-16-le"), text.encode("utf-16-be")]


def in_base64(text: str) -> list[bytes]:
    """At each of the three places that it may have in what was encoded, without the digits that it shares."""
    found = []
    for before in range(3):
        octets = bytes(before) + text.encode()
        digits = base64.b64encode(octets)[-(before * 8 // -6) : len(octets) * 8 // 6]
        found += [digits, digits.translate(_URL_SAFE)]
    return found


def as_number(text: str) -> list[bytes]:
    """As msgpack writes a number, and as PostgreSQL does: in digits of base 10,000."""
    groups = [int(text[max(0, end - 4) : end]) for end in range(len(text), 0, -4)][::-1]
    return [
        int(text).to_bytes(8, "big"),
        int(text).to_bytes(8, "little"),
        b"".join(group.to_bytes(2, "little") for group in groups),
        b"".join(group.to_bytes(2, "big") for group in groups),
    ]


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
ENCODINGS: dict[str, Callable[[str], list[bytes]]] = {
    "raw": raw,
    "hexadecimal": hexadecimal,
    "UTF-16": wide,
    "base64": in_base64,
}
_AROUND = 400  # bytes on both sides of a mark in which its canary stands
_PLAIN_MAX = 4_000_000
_STREAMS = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|\x78[\x01\x5e\x9c\xda]")


class Search:
    """Finds canaries in bytes: which, and how they were written."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self._secrets = secrets
        self._marks = [
            (name, encoded, needle)
            for name, encoded in ENCODINGS.items()
            for mark in (MARK, DIGITS)
            for needle in dict.fromkeys(encoded(mark))
        ]

        self._numbers = [
            (canary, needle)
            for canary, text in CANARIES.items()
            if canary.endswith("as a number")
            for needle in as_number(text)
        ]

    def whole(self, data: bytes) -> set[tuple[str, str]]:
        """In `data`, and in what lies compressed in it."""
        found = self._plain(data)
        for start in _STREAMS.finditer(data):
            found |= self._plain(_decompressed(data[start.start() : start.start() + _PLAIN_MAX]))
        return found

    def _plain(self, data: bytes) -> set[tuple[str, str]]:
        found = {(canary, "a number") for canary, needle in self._numbers if needle in data}
        found |= {
            (secret, name)
            for secret, text in self._secrets.items()
            for name, encoded in ENCODINGS.items()
            for needle in encoded(text)
            if needle in data
        }
        for name, encoded, mark in self._marks:
            at = data.find(mark)
            while at >= 0:
                around = data[max(0, at - _AROUND) : at + _AROUND]
                here = {
                    (canary, name)
                    for canary, text in CANARIES.items()
                    if any(needle in around for needle in encoded(text))
                }
                found |= here or {(f"a piece: {around[_AROUND - 20 : _AROUND + 60]!r}", name)}
                at = data.find(mark, at + _AROUND // 2)
        return found


def _decompressed(data: bytes) -> bytes:
    """What a stream holds up to its end or its first fault."""
    try:
        if data[:1] == b"\x28":
            return zstandard.ZstdDecompressor().decompressobj().decompress(data)[:_PLAIN_MAX]
        return zlib.decompressobj(47).decompress(data, _PLAIN_MAX)
    except (zlib.error, zstandard.ZstdError, MemoryError):
        return b""


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("offset", range(3))
def test_the_search_finds_every_canary_in_every_encoding(name: str, offset: int) -> None:
    """The teeth of what must never be found."""
    write: dict[str, Callable[[bytes], bytes]] = {
        "raw": bytes,
        "hexadecimal": lambda text: text.hex().encode(),
        "UTF-16": lambda text: text.decode().encode("utf-16-le"),
        "base64": base64.b64encode,
    }
    secrets = {"a key": "sk_live_0123456789abcdefghijklmnopqrstuvwxyz"}
    for canary, text in (CANARIES | secrets).items():
        planted = write[name](b"x" * offset + text.encode() + b" and more")
        for dressed in (planted, gzip.compress(planted), zstandard.compress(b"." * 99 + planted)):
            noise = bytes(range(256)) * 3
            assert (canary, name) in Search(secrets).whole(noise + dressed + noise), (canary, planted)


def test_the_search_finds_nothing_where_nothing_is() -> None:
    assert (
        Search({"a key": "sk_live_0123456789"}).whole(bytes(range(256)) * 99 + b"zqxkanar sk_live_012345678")
        == set()
    )


# ---- what goes in


class Keys(Struct):
    """Secrets that the server made."""

    shop: str
    management: str

    def as_canaries(self) -> dict[str, str]:
        # Their first characters are shown on purpose.
        return {"the shop's key": self.shop[16:], "the management token": self.management[16:]}


def plant(served: Served, keys: Keys) -> None:
    """Everything through the door, as callers would send it."""
    url = f"http://127.0.0.1:{served.port}"
    client = httpx2.Client(base_url=url, headers={"authorization": f"Bearer {keys.shop}"}, timeout=30)

    def send(status: int, path: str, body: Any, **headers: str) -> None:
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        answer = client.post(
            path, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        assert answer.status_code == status, (path, answer.text)

    who = {"email": SEALED["identify.email"]}
    first = {
        "event": "bird.seen",
        "identify": who | {"traits": {"firstName": SEALED["traits.firstName before it changed"]}},
        "messageId": NEVER["messageId of a repeat"],
    }
    send(200, "/v1/events", first)
    served.until_drained(30)
    again = {"identify": who | {"traits": {"firstName": NEVER["a duplicate's trait"]}}}
    send(200, "/v1/events", first | again)
    send(200, "/v1/events", _full_event(), user_agent=NEVER["the User-Agent"], cookie=f"a={NEVER['a cookie']}",
         x_other=NEVER["another header"])  # fmt: skip
    good = {"event": "bird.seen", "identify": {"email": SEALED["identify.email of a batch"]}}
    foreign = {"event": "bird.seen", "identify": {"email": SEALED["an international identify.email"]}}
    refused = good | {"timestamp": SEALED["a refused event of a batch"]}
    send(207, "/v1/events/batch",
         {"events": [good | {"messageId": NEVER["messageId of a batch"]}, refused, foreign]})  # fmt: skip
    _refused(client, send)
    with httpx2.Client(
        base_url=f"{url}/manage/v1", headers={"authorization": f"Bearer {keys.management}"}
    ) as manage:
        nobody = manage.post(
            "/profiles/find", json={"email": NEVER["an e-mail that nobody has, searched for"]}
        )
        unknown = manage.post("/profiles/find", json={NEVER["a management call's unknown field"]: 1})
        path = manage.get(f"/profiles/{NEVER['a management path']}")
        assert (nobody.status_code, unknown.status_code, path.status_code) == (404, 400, 404)
        for email_ in (SEALED["identify.email"], SEALED["identify.email of a batch"]):
            assert manage.post("/profiles/find", json={"email": email_}).status_code in (200, 404)
        wrong = {"authorization": f"Bearer {NEVER['a management token that is none']}"}
        assert manage.get("/workspace", headers=wrong).status_code == 401
    client.close()


def _full_event() -> dict[str, Any]:
    return {
        "event": "bird.bought",
        "messageId": NEVER["messageId that is an e-mail"],
        "extra": {"email": NEVER["a field that nobody reads"]},
        "identify": {
            "email": SEALED["identify.email"],
            "traits": {
                "firstName": SEALED["traits.firstName"],
                "last_name": SEALED["traits.last_name"],
                "phone": f"+{SEALED['traits.phone']}",
                "email": SEALED["traits.email"],
                "Full Name": SEALED["traits.Full Name"],
                "name": SEALED["traits.name"],
                "address": SEALED["traits.address"],
                "street-address": SEALED["traits.street-address"],
                "zip": SEALED["traits.zip"],
                "mobile": [SEALED["traits.mobile in a list"]],
                "passportNumber": SEALED["traits.passportNumber"],
            },
        },
        "properties": {
            "email": SEALED["properties.email"],
            "phone": f"+{SEALED['properties.phone']}",
            "customer": {"email": SEALED["properties.customer.email"], "plan": "gold"},
            "a": {"b": {"lastName": SEALED["properties.a.b.lastName"]}},
            "shipping_address": {"city": SEALED["properties.shipping_address.city"]},
            "recipientEmail": [SEALED["properties.recipientEmail in a list"]],
            "IP-Address": SEALED["properties.IP-Address"],
            "deviceToken": SEALED["properties.deviceToken"],
            "tel": int(SEALED["properties.tel as a number"]),
        },
    }


def _refused(client: httpx2.Client, send: Callable[..., None]) -> None:
    """What is refused: what was read as an event is kept as a sealed sample, the rest never."""
    good = {"event": "bird.seen", "identify": {"email": SEALED["identify.email"]}}
    send(400, "/v1/events", good | {"identify": {"email": SEALED["a refused event's e-mail"]}})
    bad_traits = {
        "email": SEALED["identify.email"],
        "traits": {"a": {"b": SEALED["a refused event's trait"]}},
    }
    send(400, "/v1/events", good | {"identify": bad_traits})
    send(400, "/v1/events", good | {"properties": {"email": SEALED["a refused event's property"], "a": "\0"}})
    send(400, "/v1/events", good | {"event": SEALED["a refused event's name"]})
    send(400, "/v1/events", b'{"email": "%s"' % SEALED["a body that is no JSON"].encode())
    send(400, "/v1/events", NEVER["a body that is no gzip"].encode(), content_encoding="gzip")
    send(401, "/v1/events", good, authorization=f"Bearer {NEVER['an unknown API key']}")
    send(401, "/v1/events", good, authorization=f"Basic {NEVER['a key with another scheme']}")
    send(401, "/v1/events", {"email": NEVER["a body without a key"]}, authorization="")
    send(404, f"/v1/contacts/by-email/{NEVER['an unknown path']}", good)
    send(200, f"/v1/events?email={NEVER['the query']}", good | {"messageId": "query"})


async def plant_behind_the_door(data: Path) -> None:
    """What no door of this version lets in: context, other identities, and an item that goes to quarantine."""
    settings = config.load({"data": data}).settings
    identities = (
        Identity(IdentityKind.EXTERNAL_ID, "birds", SEALED["external_id"]),
        Identity(IdentityKind.PHONE, "", f"+{SEALED['phone identity']}"),
        Identity(IdentityKind.ANONYMOUS_ID, "", SEALED["anonymous_id"]),
    )
    context = {
        "ip": SEALED["context.ip"],
        "page": {"url": SEALED["context.page.url"]},
        "userAgent": SEALED["context.userAgent"],
    }
    with borrowed(settings.data, command="canaries", user=settings.engine_user) as connection:
        async with rooms(settings, connection.addresses(), owner=1) as opened:
            at = opened.database.now_us()
            good = Event(name="bird.fed", occurred_at_us=at, identities=identities, context=context)
            bad = Event(
                name="bird.lost",
                occurred_at_us=at,
                identities=(Identity(IdentityKind.EMAIL, "", SEALED["quarantined e-mail"]),),
                traits={"firstName": SEALED["quarantined trait"]},
                properties={
                    "email": SEALED["quarantined property"],
                    "note": f"{SEALED['quarantined unpersonal property']}\0",
                },
                context={"ip": SEALED["quarantined context"]},
            )
            async with opened.database.owner() as tx:
                workspace_id = await tx.fetchval("SELECT workspace_id FROM workspace WHERE name = 'demo'")
                vault = opened.master.vault(workspace_id, await load_data_key(tx, workspace_id))
                for one in (good, bad):
                    block_id = opened.ids.next()
                    await tx.execute(
                        "INSERT INTO journal (workspace_id, source, block_id, minute_us, items, received, rejected,"
                        " duplicate, payload, accepted_us) VALUES ($1, $2, $3, $4, 1, 1, 0, 0, $5, $6)",
                        workspace_id,
                        int(Source.SMASHSEND),
                        block_id,
                        at // 60_000_000 * 60_000_000,
                        pack_block(vault, block_id, [(opened.ids.next(), one)]),
                        at,
                    )


def make_keys(served: Served) -> Keys:
    """The demo's key is in the banner; the management token is made by the running server itself."""
    shop = re.search(r"sk_live_\w+", served.banner)
    assert shop, served.banner
    command_line = Server(served.data)
    first = command_line.cli("credential", "create", "--workspace", "demo", "--manage", "--role", "owner")
    made = httpx2.post(
        f"http://127.0.0.1:{served.port}/manage/v1/credentials",
        json={"dialect": "smashsend"},
        headers={"authorization": f"Bearer {first['token']}"},
    )
    assert made.status_code == 201, made.text
    secret = re.search(rb"sk_live_\w+", made.content)
    assert secret
    return Keys(shop=secret[0].decode(), management=first["token"])


async def checkpoint(data: Path) -> None:
    """What is in memory goes to the files, of every table."""
    settings = config.load({"data": data}).settings
    with borrowed(settings.data, command="canaries", user=settings.engine_user) as connection:
        owner = await asyncpg.connect(**connection.addresses().owner.connect_args())
        try:
            with contextlib.suppress(asyncpg.InsufficientPrivilegeError):  # stopping does it in any case
                await owner.execute("CHECKPOINT")
        finally:
            await owner.close()


class Nest(Struct):
    """A server that has processed every canary and was stopped; where it wrote what."""

    files: dict[Path, bytes]
    secrets: dict[str, str]

    def found(self) -> dict[str, set[str]]:
        """By canary: where and how it was written."""
        search = Search(self.secrets)
        found: dict[str, set[str]] = {}
        for path, data in self.files.items():
            for canary, name in search.whole(data):
                found.setdefault(canary, set()).add(f"{path.name} ({name})")
        return found


def stored(served: Served, keys: Keys) -> list[str]:
    """Names of what is on the timeline, reasons of what is in quarantine."""
    manage = httpx2.Client(
        base_url=f"http://127.0.0.1:{served.port}/manage/v1",
        headers={"authorization": f"Bearer {keys.management}"},
    )
    with manage:
        events = manage.get("/events").json()["events"]
        quarantined = manage.get("/quarantine").json()["quarantined"]
        for one in events:
            assert manage.get(f"/profiles/{one['profile_id']}/history").status_code == 200
        for one in quarantined:
            assert manage.get(f"/quarantine/{one['id']}").status_code == 200
    return sorted(one["name"] for one in events) + [one["reason"] for one in quarantined]


def nest(folder: Path, app: str) -> Nest:
    served = Served(folder / "data", app=app, flags=("--log-level", "debug"))
    served.start()
    try:
        keys = make_keys(served)
        plant(served, keys)
        asyncio.run(plant_behind_the_door(served.data))
        served.until_drained(30)
        assert stored(served, keys) == ["bird.bought", "bird.fed", *["bird.seen"] * 4, "refused_by_database"]
        asyncio.run(checkpoint(served.data))
    finally:
        assert served.stop() == 0, served.log
    files = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    }
    assert any("pg_wal" in path.parts for path in files)
    assert any(path.name == "postgresql.log" for path in files)
    assert served.log_file in files
    return Nest(files, keys.as_canaries())


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Nest:
    return nest(tmp_path_factory.mktemp("canaries"), "clarion.app")


def test_no_canary_is_found_in_any_file_or_log(sealed: Nest) -> None:
    assert len(CANARIES) >= 40
    assert sum(map(len, sealed.files.values())) > 20_000_000, "a cluster and its log of writes"
    assert sealed.found() == {}


def test_with_nothing_sealed_every_stored_canary_would_be_found(tmp_path: Path) -> None:
    """The control: the same canaries, the same search, a vault that seals nothing."""
    found = nest(tmp_path, "tests.trust.unsealed").found()
    assert [canary for canary in SEALED if canary not in found] == []
    assert "the shop's key" in found
    assert [canary for canary in NEVER if canary in found] == []
    assert "the management token" not in found, "the command line sealed it"
