"""What nobody sends on purpose, as a table: bytes as they go over the wire, and what must become of them.

`event` is one event's JSON. In it @NAME and @MAIL stand for a name and an address that no other request has, so
that what was kept is found again; a payload that poisons one of the two is found by the other. `expected` is
`REFUSED` (a 4xx in the vendor's shape; in a batch the others pass) or `KEPT` (accepted, and read back equal).
`whole`: it spoils the JSON around it, or the request, and may take a batch with it. `keeps`: how the value reads
back where that is not what was written: PostgreSQL's jsonb knows no -0 and nothing of a number's notation.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import UNSET, Struct, UnsetType

NAME, MAIL = b"@NAME", b"@MAIL"


class Expected(StrEnum):
    REFUSED = "refused"
    KEPT = "kept"


REFUSED, KEPT = Expected.REFUSED, Expected.KEPT


def plain(body: bytes) -> bytes:
    return body


class Poison(Struct, frozen=True, kw_only=True):
    """One payload. `wrap` is done to the whole body; `email`, `at` and `message_id` are what is kept of those.

    `batched`: only a batch reads what is poisoned.
    """

    name: str
    event: bytes
    expected: Expected
    whole: bool = False
    wrap: Callable[[bytes], bytes] = plain
    headers: dict[str, str] = {}
    keeps: Any = UNSET
    email: str | UnsetType = UNSET
    at: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET
    batched: bool = False


def event(name: bytes = b'"@NAME"', email: bytes = b'"@MAIL"', more: bytes = b"") -> bytes:
    return b'{"event":' + name + b',"identify":{"email":' + email + b"}" + more + b"}"


def properties(raw: bytes) -> bytes:
    return event(more=b',"properties":' + raw)


def value(raw: bytes) -> bytes:
    return properties(b'{"given":' + raw + b"}")


def traits(raw: bytes) -> bytes:
    return b'{"event":"@NAME","identify":{"email":"@MAIL","traits":' + raw + b"}}"


def at(raw: bytes) -> bytes:
    return event(more=b',"timestamp":' + raw)


def message_id(raw: bytes) -> bytes:
    return event(more=b',"messageId":' + raw)


def quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def keys(count: int) -> bytes:
    return b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(count)) + b"}"


Making = Callable[[bytes], bytes]  #: JSON of a value -> an event that has it


def several(expected: Expected, make: Callable[[bytes], bytes], raws: dict[str, bytes]) -> Iterator[Poison]:
    for name, raw in raws.items():
        yield Poison(name=name, event=make(raw), expected=expected)


def characters(value: Making) -> Iterator[Poison]:
    """Text in a value that is refused, and text that only looks like it."""
    yield from several(
        REFUSED,
        value,
        {
            "NUL in a value": rb'"a\u0000b"',
            "NUL in an array": rb'["a","\u0000"]',
            "NUL in a key": rb'{"a\u0000":1}',
            "high surrogate alone": rb'"\ud83d"',
            "low surrogate alone": rb'"\udc00"',
            "surrogates the wrong way round": rb'"\ude00\ud83d"',
            "surrogate in a key": rb'{"\ud83d":1}',
            "invalid UTF-8": b'"\xff\xfe"',
            "overlong UTF-8": b'"\xc0\xaf\xe0\x80\xaf"',
            "surrogates as UTF-8": b'"\xed\xa0\xbd\xed\xb8\x80"',
            "UTF-8 cut short": b'"\xe2\x82"',
            "UTF-8 beyond Unicode": b'"\xf4\x90\x80\x80"',
            "invalid UTF-8 in a key": b'{"\xff":1}',
        },
    )
    yield from several(
        KEPT,
        value,
        {
            "NUL that only looks like one": rb'"\\u0000 \\ud83d"',
            "an emoji by escapes": rb'"\ud83d\ude00"',
            "all other control characters": quoted("".join(map(chr, [*range(1, 32), *range(127, 160)]))),
            "characters that are none": quoted("\ufffe\uffff\U0010ffff\ufdd0"),
            "homoglyphs, zero width, right to left": quoted("раураl\u200b.com\u202emoc.elpmaxe\u2066"),
            "a combining pile": quoted("Z" + "\u0351" * 900),
            "CR and LF": quoted("a\r\nBcc: all@example.com\r\n\r\nhi"),
            "markup and templates": quoted(
                "<script>alert(1)</script>{{7*7}}${7*7}%s%n'; DROP TABLE event;--"
            ),
            "JSON in JSON": quoted('{"a":"\\u0000\\ud83d","b":[[[[]]]]}'),
            "1,000 characters beyond 16 bits": quoted("😀" * 1000),
        },
    )


def _characters() -> Iterator[Poison]:
    yield from characters(value)
    yield from several(
        REFUSED,
        traits,
        {
            "NUL in a trait": rb'{"city":"\u0000"}',
            "NUL in a phone": rb'{"phone":"+49\u0000151"}',
            "NUL in a trait's key": rb'{"\u0000":1}',
            "surrogate in a trait": rb'{"city":"\udfff"}',
        },
    )
    yield from several(
        REFUSED,
        message_id,
        {
            "NUL in the messageId": rb'"m\u0000"',
            "surrogate in the messageId": rb'"\ud800"',
            "129 characters of messageId": quoted("é" * 129),
            "an empty messageId": b'""',
            "a number for messageId": b"17",
        },
    )
    yield from several(REFUSED, value, {"1,001 characters": quoted("é" * 1001)})


def numbers(value: Making, arrays: Expected = KEPT) -> Iterator[Poison]:
    """Numbers as a value; `arrays`: what becomes of an array of numbers."""
    yield from several(
        REFUSED,
        value,
        {
            "1e400": b"1e400",
            "-1e400": b"-1e400",
            "1e131071": b"1e131071",
            "2^63": b"%d" % 2**63,
            "-2^63 - 1": b"-%d" % (2**63 + 1),
            "2^64": b"%d" % 2**64,
            "-2^64": b"-%d" % 2**64,
            "5,000 digits": b"9" * 5_000,
            "2^64 in an array": b"[1,%d]" % 2**64,
        },
    )
    for raw in (b"NaN", b"Infinity", b"-Infinity", b"0x10", b"01", b"+1", b".5", b"1.", b"1e"):
        yield Poison(name=f"{raw.decode()} as a number", event=value(raw), expected=REFUSED, whole=True)
    yield from several(
        KEPT,
        value,
        {
            "2^63 - 1": b"%d" % (2**63 - 1),
            "-2^63": b"-%d" % 2**63,
            "2^53 + 1": b"%d" % (2**53 + 1),
            "-0.0": b"-0.0",
            "the largest double": b"1.7976931348623157e308",
            "the smallest double": b"5e-324",
            "1e-400": b"1e-400",
            "1e22": b"1e22",
            "5,000 decimals": b"0." + b"3" * 5_000,
        },
    )
    yield from several(arrays, value, {"numbers of an array": b"[1,1.0,true,1e300,-0.0,null]"})


def _numbers() -> Iterator[Poison]:
    yield from numbers(value)
    yield from several(REFUSED, traits, {"2^64 as a trait": b'{"score":%d}' % 2**64})
    yield from several(
        KEPT, traits, {"numbers as traits": b'{"a1":1e300,"a2":-0.0,"a3":9223372036854775807}'}
    )


def _shapes() -> Iterator[Poison]:
    yield from several(
        REFUSED,
        value,
        {
            "101 items": b"[" + b",".join([b"1"] * 101) + b"]",
            "1,000,000 items": b"[" + b"0," * 999_999 + b"0]",
            "an object in an array": b'[{"a":1}]',
            "objects 4 deep": b'{"b":{"c":{"d":1}}}',
        },
    )
    for depth in (1_023, 15_000, 200_000):
        whole = depth > 50_000  # so many brackets that nobody looks where they belong
        nested = b"[" * depth + b"]" * depth
        yield Poison(name=f"arrays {depth:,} deep", event=value(nested), expected=REFUSED, whole=whole)
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        yield Poison(name=f"objects {depth:,} deep", event=value(nested), expected=REFUSED, whole=whole)
    yield Poison(name="brackets never closed", event=value(b"[" * 30_000), expected=REFUSED, whole=True)
    yield from several(
        REFUSED,
        properties,
        {
            "101 keys": keys(101),
            "2,000 keys": keys(2_000),
            "10,000 keys": keys(10_000),
            "a key of 256 characters": b'{"' + b"k" * 256 + b'":1}',
            "a list of properties": b"[]",
            "text for properties": b'"{}"',
        },
    )
    yield from several(
        KEPT,
        properties,
        {
            "100 keys": keys(100),
            "keys of JavaScript": b'{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":null}',
            "an empty key": b'{"":{"":{"":1}}}',
            "keys that look alike": quoted_keys(
                "a", "а", "a\u200b", " a", "A", "a.b", "$a", "a'b", 'a"b', "a\\b"
            ),
            "a key with dots beside what it would name": b'{"a":{"b":1},"a.b":2}',
            "a key of 255 characters": b'{"' + "ключ".encode() * 63 + b'":1}',
            "duplicate keys": b'{"a":1,"a":{"b":2,"b":3}}',
            "duplicate keys by escapes": rb'{"a":1,"\u0061":2}',
            "personal names at every depth": b'{"email":1,"x":{"Phone":[1,"2"],"y":{"first-name":[]}},"ip":null}',
            "empty objects and arrays": b'{"a":{},"b":[],"c":{"d":{}},"e":""}',
        },
    )
    yield from several(
        REFUSED,
        traits,
        {
            "an object as a trait": b'{"city":{"a":1}}',
            "a list of traits": b"[]",
            "101 traits": keys(101),
        },
    )
    yield from several(
        KEPT,
        traits,
        {
            "keys of JavaScript as traits": b'{"__proto__":"x","constructor":true}',
            "an empty key as a trait": b'{"":"x"}',
            "a phone of letters": b'{"phone":"+49 CALL ME"}',
            "a phone without digits": b'{"phone":"none"}',
            "a phone of other digits": quoted_keys("phone", to="٠١٥١٢٣٤٥٦٧٨"),
            "a phone of 1,000 digits": quoted_keys("phone", to="1" * 1_000),
            "a number for a phone": b'{"phone":491511234567}',
            "a list for a phone": b'{"phone":["+491511234567",null]}',
            "a zone that is none": b'{"timezone":"FOO+99"}',
            "a birthday that is none": b'{"birthday":"2026-02-30"}',
            "traits that are no text": b'{"firstName":1,"lastName":[true,null],"avatarUrl":1.5}',
            "a country of markup": b'{"countryCode":"<b>"}',
        },
    )


def quoted_keys(*names: str, to: str = "x") -> bytes:
    return json.dumps(dict.fromkeys(names, to), ensure_ascii=False).encode()


def _fields() -> Iterator[Poison]:
    def named(raw: bytes) -> bytes:
        return event(name=raw)

    def mailed(raw: bytes) -> bytes:
        return event(email=raw)

    yield from several(
        REFUSED,
        named,
        {
            "NUL in the name": rb'"a\u0000"',
            "surrogate in the name": rb'"a\ud83d"',
            "CR and LF in the name": rb'"a\r\nb"',
            "LF behind the name": rb'"user.signup\n"',
            "a homoglyph in the name": quoted("usеr.signup"),
            "zero width in the name": quoted("user\u200bsignup"),
            "right to left in the name": quoted("user\u202epungis"),
            "full width in the name": quoted("ｕｓｅｒ"),
            "a blank name": b'" "',
            "an empty name": b'""',
            "61 characters of name": b'"' + b"a" * 61 + b'"',
            "a list for the name": b'["user.signup"]',
        },
    )
    yield from several(
        KEPT,
        named,
        {
            "a name of JavaScript": b'"__proto__"',
            "a name of signs": b'"..::--__"',
            "a name of 60 characters": b'"' + b"Z9.:-_" * 10 + b'"',
        },
    )
    yield from several(
        REFUSED,
        mailed,
        {
            "NUL in the e-mail": rb'"a\u0000@x.example"',
            "surrogate in the e-mail": rb'"\ud83d@x.example"',
            "CR and LF in the e-mail": rb'"a@x.example\r\nBcc: b@x.example"',
            "LF in the local part": rb'"a\nb@x.example"',
            "a quoted local part": rb'"\"a b\"@x.example"',
            "a comment": b'"a(b)@x.example"',
            "a name around the e-mail": b'"Ann <a@x.example>"',
            "an address literal": b'"a@[127.0.0.1]"',
            "a numeric domain": b'"a@127.0.0.1"',
            "a domain without a dot": b'"a@localhost"',
            "two dots": b'"a..b@x.example"',
            "two signs": b'"a@b@x.example"',
            "65 octets before the sign": b'"' + b"a" * 65 + b'@x.example"',
            "255 octets": b'"a@' + b"b." * 122 + b'example.de"',
            "a full-width sign": quoted("a＠x.example"),
            "an ideographic dot": quoted("a@x。example"),
            "zero width in the e-mail": quoted("a\u200b@x.example"),
            "right to left in the e-mail": quoted("\u202ea@x.example"),
            "an emoji in the e-mail": quoted("😀@x.example"),
            "SQL with blanks": b'"\' or 1=1 --@x.example"',
            "a list for the e-mail": b'["a@x.example"]',
            "a number for the e-mail": b"1",
            "an object for the e-mail": b'{"$gt":""}',
        },
    )
    for name, raw, email in (
        ("blanks around the e-mail", rb'" \tPoison.Blank@X.example\r\n"', "poison.blank@x.example"),
        ("an international e-mail", quoted("Käthe@Bücher.example"), "käthe@bücher.example"),
        ("a decomposed e-mail", quoted("ka\u0308the2@bu\u0308cher.example"), "käthe2@bücher.example"),
        ("a punycode e-mail", b'"a@xn--bcher-kva.example"', "a@xn--bcher-kva.example"),
        ("a dotted capital I", quoted("İ@x.example"), "i̇@x.example"),
        ("quotes and equals", b"\"'or'1'='1@x.example\"", "'or'1'='1@x.example"),
        ("plus and slash", b'"a+b/c{d}|e@x.example"', "a+b/c{d}|e@x.example"),
    ):
        yield Poison(name=name, event=mailed(raw), expected=KEPT, email=email)
    for name, text in (
        ("an e-mail for messageId", "ann@example.com"),
        ("128 characters of messageId", "😀" * 128),
        ("SQL for messageId", "'; DROP TABLE event_key; --"),
        ("CR and LF in the messageId", "a\r\nSet-Cookie: a=b"),
        ("a messageId of ours", "msg_00000000000000000000000000000000"),
    ):
        yield Poison(name=name, event=message_id(quoted(text)), expected=KEPT, message_id=text)
    yield from several(
        REFUSED,
        lambda raw: raw,
        {
            "null": b"null",
            "a list": b"[]",
            "text": b'"user.signup"',
            "a number": b"1",
            "an empty object": b"{}",
            "no identify": b'{"event":"@NAME"}',
            "a list for identify": b'{"event":"@NAME","identify":[{"email":"@MAIL"}]}',
            "33 KB where nobody looks": event(more=b',"extra":"' + b"x" * 33_000 + b'"'),
        },
    )
    yield from several(
        KEPT,
        lambda raw: raw,
        {
            "NUL and surrogates where nobody looks": event(more=rb',"extra":"\u0000\ud83d"'),
            "fields that are null": event(more=b',"properties":null,"timestamp":null,"messageId":null'),
            "fields twice": event(more=b',"properties":{"a":1},"properties":{"a":2}'),
            "fields of JavaScript": event(more=b',"__proto__":{"event":"x"},"constructor":1'),
            "a workspace of somebody else's": event(more=b',"workspace_id":"0","workspaceId":"0"'),
        },
    )


def _times() -> Iterator[Poison]:
    yield from several(
        REFUSED,
        at,
        {
            f"{name} for a time": raw
            for name, raw in {
                "year 20000": b'"20000-01-01T00:00:00Z"',
                "year 9999": b'"9999-12-31T23:59:59Z"',
                "year 9999 and 24:00": b'"9999-12-31T24:00:00Z"',
                "year 1": b'"0001-01-01T00:00:00+14:00"',
                "year 0": b'"0000-01-01T00:00:00Z"',
                "year -1": b'"-0001-01-01T00:00:00Z"',
                "infinity": b'"infinity"',
                "-infinity": b'"-infinity"',
                "now": b'"now"',
                "today's epoch": b'"epoch"',
                "nothing": b'""',
                "a blank": b'" "',
                "-1": b"-1",
                "0": b"0",
                "year 10000 in seconds": b"253402300800",
                "2^63 - 1": b"9223372036854775807",
                "2^64": b"18446744073709551616",
                "1e300": b"1e300",
                "-1e300": b"-1e300",
                "a text of 40 digits": b'"' + b"9" * 40 + b'"',
                "other digits": quoted("٢٠٢٦-٠١-٠١T00:00:00Z"),
                "30 February": b'"2026-02-30T00:00:00Z"',
                "hour 25": b'"2026-01-01T25:00:00Z"',
                "an offset of 99 hours": b'"2026-01-01T00:00:00+99:99"',
                "a zone's name": b'"2026-01-01T00:00:00 Europe/Berlin"',
                "a zone that is none": b'"2026-01-01T00:00:00 FOO+99"',
                "NUL": rb'"2026-01-01T00:00:00\u0000"',
                "true": b"true",
                "a list": b"[2026,1,1]",
            }.items()
        },
    )
    for name, raw, moment in (
        ("seconds", b"1767225600", "2026-01-01T00:00:00+00:00"),
        ("milliseconds", b"1767225600123", "2026-01-01T00:00:00.123000+00:00"),
        ("seconds as a fraction", b"1767225600.25", "2026-01-01T00:00:00.250000+00:00"),
        ("seconds in text", b'"1767225600"', "2026-01-01T00:00:00+00:00"),
        ("a date", b'"20260101"', "2026-01-01T00:00:00+00:00"),
        ("no offset", b'"2026-01-01T00:00:00"', "2026-01-01T00:00:00+00:00"),
        ("an offset", b'"2026-01-01T05:45:00+05:45"', "2026-01-01T00:00:00+00:00"),
        ("1998", b'"1998-06-15T00:00:00Z"', "1998-06-15T00:00:00+00:00"),
        ("2055", b'"2055-06-15T00:00:00Z"', "2055-06-15T00:00:00+00:00"),
    ):
        yield Poison(name=f"{name} for a time", event=at(raw), expected=KEPT, at=moment)


@lru_cache(maxsize=1)
def _blanks() -> bytes:
    return b" " * 60_000_000


def bomb(body: bytes) -> bytes:
    return gzip.compress(body + _blanks(), 1)


def bodies(event: bytes) -> Iterator[Poison]:
    """What a whole body may be, around a harmless event."""

    def wrapped(
        name: str, wrap: Callable[[bytes], bytes], expected: Expected = REFUSED, **headers: str
    ) -> Poison:
        told = {key.replace("_", "-"): text for key, text in headers.items()}
        return Poison(name=name, event=event, expected=expected, whole=True, wrap=wrap, headers=told)

    yield wrapped("a byte-order mark", lambda body: b"\xef\xbb\xbf" + body)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield wrapped(encoding, lambda body, encoding=encoding: body.decode("latin-1").encode(encoding))
    yield wrapped("nothing", lambda body: b"")
    yield wrapped("blanks", lambda body: b" \r\n\t")
    yield wrapped("a NUL", lambda body: b"\x00")
    yield wrapped("NUL behind it", lambda body: body + b"\x00")
    yield wrapped("cut short", lambda body: body[:-2])
    yield wrapped("two bodies", lambda body: body + body)
    yield wrapped("a trailing comma", lambda body: body[:-1] + b",}")
    yield wrapped("a comment in the JSON", lambda body: b"/* */" + body)
    yield wrapped("single quotes", lambda body: body.replace(b'"', b"'"))
    yield wrapped("JSON as text", lambda body: quoted(body.decode("latin-1")))
    yield wrapped("form data", lambda body: b"event=a&identify[email]=b@c.de")
    multipart = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n%s\r\n--x--\r\n'
    yield wrapped("multipart", lambda body: multipart % body, content_type="multipart/form-data; boundary=x")
    yield wrapped("XML", lambda body: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')
    yield wrapped("a gzip bomb", bomb, content_encoding="gzip")
    yield wrapped("gzip in gzip", lambda body: gzip.compress(gzip.compress(body)), content_encoding="gzip")
    yield wrapped(
        "10,000 gzip members", lambda body: gzip.compress(b"") * 10_000 + gzip.compress(body),
        content_encoding="gzip",
    )  # fmt: skip
    yield wrapped("gzip cut short", lambda body: gzip.compress(body)[:-4], content_encoding="gzip")
    yield wrapped(
        "gzip with rubbish behind", lambda body: gzip.compress(body) + b"x", content_encoding="gzip"
    )
    yield wrapped("no gzip", lambda body: body, content_encoding="gzip")
    yield wrapped("deflate", zlib.compress, content_encoding="deflate")
    yield wrapped("br", lambda body: body, content_encoding="br")
    yield wrapped("gzip twice announced", gzip.compress, content_encoding="gzip, gzip")
    yield wrapped("an encoding that is none", lambda body: body, content_encoding="x" * 1_000)
    yield wrapped("11 MB of blanks", lambda body: body + b" " * 11_000_000)
    yield wrapped("gzip", gzip.compress, KEPT, content_encoding="gzip")
    yield wrapped("two gzip members", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), KEPT,
                  content_encoding="X-GZIP")  # fmt: skip
    yield wrapped("blanks around", lambda body: b"\r\n " + body + b"\t\n", KEPT)
    yield wrapped("a header that is no UTF-8", lambda body: body, KEPT, x_note="\xe9\xff")


#: What SMASHSEND's door is sent.
POISONS: tuple[Poison, ...] = (
    *_characters(),
    *_numbers(),
    *_shapes(),
    *_fields(),
    *_times(),
    *bodies(event()),
    Poison(name="another content type", event=event(), expected=KEPT, whole=True,
           headers={"content-type": "text/plain; charset=utf-16"}),
)  # fmt: skip


class Framing(Struct, frozen=True):
    """A request whose framing is the poison: `build` makes its bytes of path, what is shown for a key, and body.

    `statuses` may be answered; a connection closed without a word counts as 0. Whatever was accepted must have
    been the one event that was sent, once.
    """

    name: str
    build: Callable[[bytes, bytes, bytes], bytes]
    statuses: frozenset[int]


def _head(path: bytes, key: bytes, *lines: bytes) -> bytes:
    always = (b"POST %s HTTP/1.1" % path, b"Host: clarion.test", b"Authorization: %s" % key)
    return b"\r\n".join((*always, b"Connection: close", *lines, b"", b""))


def chunked(body: bytes, size: int = 4096, extension: bytes = b"") -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces) + b"0\r\n\r\n"


def _framing(
    name: str, statuses: set[int], lines: tuple[bytes, ...], make: Callable[[bytes], bytes]
) -> Framing:
    def build(path: bytes, key: bytes, body: bytes) -> bytes:
        told = tuple(line.replace(b"@LENGTH", b"%d" % len(body)) for line in lines)
        return _head(path, key, *told) + make(body)

    return Framing(name, build, frozenset(statuses))


_TE = b"Transfer-Encoding: chunked"
_CL = b"Content-Length: @LENGTH"

FRAMINGS: tuple[Framing, ...] = (
    _framing("length and chunks", {0, 400, 200}, (_CL, _TE), chunked),
    _framing("chunks and length", {0, 400, 200}, (_TE, b"Content-Length: 4"), chunked),
    _framing("two lengths that differ", {0, 400}, (_CL, b"Content-Length: 1"), plain),
    _framing("two lengths in one line", {0, 400}, (b"Content-Length: @LENGTH, 1",), plain),
    _framing("a negative length", {0, 400}, (b"Content-Length: -1",), plain),
    _framing("a length with a sign", {0, 400}, (b"Content-Length: +@LENGTH",), plain),
    _framing("a length of 2^64", {0, 400, 413}, (b"Content-Length: 18446744073709551616",), plain),
    _framing("a length of a gigabyte", {0, 413}, (b"Content-Length: 1000000000",), plain),
    _framing("a coding that is none", {0, 400, 501}, (b"Transfer-Encoding: cow",), plain),
    _framing("a coding hidden by a blank", {0, 400}, (b"Transfer-Encoding : chunked", _CL), chunked),
    _framing("a chunk size that is none", {0, 400}, (_TE,), lambda body: b"zz\r\n" + body),
    _framing("a chunk size of 2^64", {0, 400, 413}, (_TE,), lambda body: b"10000000000000000\r\n" + body),
    _framing("a chunk extension", {0, 200, 400}, (_TE,), lambda body: chunked(body, extension=b";a=b")),
    _framing("chunk extensions of a megabyte", {0, 400, 413, 431}, (_TE,),
             lambda body: chunked(body, 16, b";" + b"x" * 1_000_000)),
    _framing("a byte a chunk", {200, 400}, (_TE,), lambda body: chunked(body, 1)),
    _framing("a header of a megabyte", {0, 400, 431}, (b"X-Long: " + b"x" * 1_000_000, _CL), plain),
    _framing("10,000 headers", {0, 400, 431}, (*(b"X-%d: y" % n for n in range(10_000)), _CL), plain),
    _framing("a folded header", {0, 400}, (b"X-Fold: a\r\n b", _CL), plain),
    _framing("a bare LF in a header", {0, 200, 400}, (b"X-A: b\nX-C: d", _CL), plain),
    _framing("NUL in a header", {0, 400}, (b"X-A: \x00", _CL), plain),
    _framing("a blank in a header's name", {0, 400}, (b"X A: b", _CL), plain),
    Framing("no HTTP at all", lambda path, key, body: b"\x16\x03\x01\x02\x00\x01" + body, frozenset({0, 400})),
    Framing("a path of a megabyte",
            lambda path, key, body: _head(path + b"?" + b"x" * 1_000_000, key, b"Content-Length: 0"),
            frozenset({0, 400, 414, 431})),
    Framing("a version that is none",
            lambda path, key, body: _head(path, key).replace(b"HTTP/1.1", b"HTTP/9.9"), frozenset({0, 400, 505})),
)  # fmt: skip
