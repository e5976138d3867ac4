"""The canaries, and the search that finds them in bytes, in whatever encoding and under whatever compression."""

import base64
import re
import zlib
from collections.abc import Callable

import zstandard

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
    "a contact's email": email(36),
    "a contact's firstName": word(37),
    "a contact's trait that was defined as personal": word(38),
    "a contact's email that another took the place of": email(39),
    "a contact's phone in a batch": phone(40),
    "a merged person's email": email(41),
    "a merged person's trait that gave way": word(42),
    "an un-merged person's change": word(43),
    "a suppressed address": email(50),
    "an e-mail among eSputnik's params": email(51),
    "a customer's id among eSputnik's params": word(52),
    "an imported contact's email": email(53),
    "an imported contact's firstName": word(54),
    "a refused keyValue": f"{word(55)}/@birds.example",
    "an order's email": email(56),
    "an order's deliveryAddress": word(57),
    "a user of an app": word(92),
    "a device's token": word(93),
    "a device's new token": word(94),
    "an app's context": word(95),
    "a refused app event's token": word(96),
    "a provider's password": word(90),
    "a message in the mailbox": phone(91),
    "what a gateway reports": word(92),
    "an erased person's email": email(44),
    "an erased person's trait": word(45),
    "an erased person's property": email(46),
    "an erased person's quarantined property": email(47),
    "an erased person's refused event": word(48),
    "an erased person's order": word(59),
    "an erased person's parameter": word(60),
    "an erased person's message before they were known": word(98),
}
#: What is kept nowhere in any form but a keyed hash, if at all.
NEVER = {
    "a keyValue beside an e-mail among the params": email(58),
    "the address of a consent": email(93),
    "a returned mail that is about no message": email(94),
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
    "a contact searched for": email(85),
    "a refused contact's trait": word(86),
    "an e-mail in a path": email(87),
    "an app's unknown key": f"sap_{word(97)}",
    "a path of another method": word(88),
}
#: What may stand in the open until its person is erased (test_erased.py plants it alone).
OPEN = {"an erased person's note": word(49)}
CANARIES = SEALED | NEVER | OPEN


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
_PLAIN_MAX = 4_000_000  # of a stream; backups are given unpacked
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
