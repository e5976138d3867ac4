"""What every dialect needs of HTTP, without a vendor's meaning: read a body within limits, send an answer."""

import asyncio
import itertools
import os
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from clarion import errors

BODY_TIMEOUT_S = 30.0
BODIES_BYTES_MAX = 64 * 1024 * 1024  # of a process; as Python values they take several times as much
GZIP_HERE_BYTES_MAX = (
    1_024  # what may become a megabyte; more is decompressed beside the loop, which others wait for
)
GZIP_MEMBERS_MAX = 16  # each starts a decompressor; senders write one
_CHUNKS_FREE = 1_000  # pieces of any size; of a body in more of them
_CHUNK_BYTES_MIN = 64  # the average has to be as long
_BODY = "clarion.body"  # in the scope
_HOLD = "clarion.hold"  # there too, from the server
_GZIP = 16 + zlib.MAX_WBITS

JSON = b"application/json; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
_FIXED_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_PROCESS = os.urandom(5).hex()
_numbers = itertools.count(1)
_gunzippers = ThreadPoolExecutor(1, "gunzip")  # begins with the first large body; its memory is that of one

Headers = Mapping[bytes, bytes]


class Bodies:
    """How many bytes of bodies this process holds: each from its first byte until its request is answered, so that
    what waits for a commit counts as well. Beyond the limit a caller hears 503.
    """

    def __init__(self, bytes_max: int = BODIES_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self.bytes = 0

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        """Around a request, up to its answer; read_body finds the `Body` in the scope."""
        body = scope[_BODY] = Body(self)
        try:
            yield
        finally:
            self.bytes -= body.bytes

    def take(self, count: int) -> None:
        """Raises Unavailable, and takes nothing."""
        if self.bytes + count > self._bytes_max:
            raise errors.Unavailable("too much is being received at once", retry_after_s=2)
        self.bytes += count


class Body:
    """What one request holds."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.bytes = 0

    def grow(self, count: int) -> None:
        """Raises Unavailable."""
        self._bodies.take(count)
        self.bytes += count


class TooLarge(errors.Declined):
    """The body is longer than the call allows, as it comes or decompressed."""


class TooSlow(errors.Declined):
    """The body did not come in time."""


class UnknownEncoding(errors.Declined):
    """The body is encoded in a way we do not read."""


class Garbled(errors.Declined):
    """The body is not what its headers say."""


class Gone(errors.Declined):
    """The caller hung up: nobody is there to be answered."""


class Answer(Struct, frozen=True):
    """What goes back: JSON bytes, or others of `content_type`, and headers beside those that every answer carries."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: bytes = JSON


def headers_of(scope: Scope) -> Headers:
    """The request's headers by lower-case name; of a repeated one the last."""
    return dict(scope["headers"])


def new_request_id() -> str:
    """Names one request in its answer and in our log; unique, not secret."""
    return f"req_{_PROCESS}{next(_numbers):08x}"


async def read_body(
    scope: Scope, receive: Receive, headers: Headers, bytes_max: int, timeout_s: float
) -> bytes:
    """The whole body, decompressed; its scope is inside of `Bodies.request`.

    Raises TooLarge, TooSlow, UnknownEncoding, Garbled, Gone, and Unavailable where too much is held already.
    """
    held: Body = scope[_BODY]
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in (b"", b"identity", b"gzip", b"x-gzip"):
        raise UnknownEncoding("Content-Encoding must be gzip or absent")
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > bytes_max):
        raise TooLarge("announced by Content-Length")
    try:
        async with asyncio.timeout(timeout_s):
            body = await _collect(receive, bytes_max, held)
    except TimeoutError as exc:
        raise TooSlow(f"The request body did not arrive within {timeout_s:g} seconds") from exc
    if not encoding.endswith(b"gzip"):
        return body
    if len(body) > GZIP_HERE_BYTES_MAX:
        loop = asyncio.get_running_loop()
        plain = await loop.run_in_executor(_gunzippers, gunzip, body, bytes_max)
    else:
        plain = gunzip(body, bytes_max)
    held.grow(len(plain))
    return plain


async def _collect(receive: Receive, bytes_max: int, held: Body) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        if len(whole) > bytes_max:
            raise TooLarge("received")
        held.grow(len(whole))
        return whole
    body = bytearray()
    for chunks in itertools.count(1):
        if message["type"] != "http.request":
            raise Gone("before the end of the body")
        piece = message.get("body", b"")
        held.grow(len(piece))
        body += piece
        if len(body) > bytes_max:
            raise TooLarge("received")
        if not message.get("more_body"):
            break
        if chunks > _CHUNKS_FREE and len(body) < chunks * _CHUNK_BYTES_MIN:
            raise Garbled("The request body comes in too many small pieces")
        message = await receive()
    return bytes(body)


def gunzip(body: bytes, bytes_max: int) -> bytes:
    """Decompress, never beyond `bytes_max`. Raises TooLarge, Garbled.

    There is no cap on the ratio: the output has one already, and two hundred alike events shrink 150-fold.
    """
    plain = bytearray()
    for _ in range(GZIP_MEMBERS_MAX):
        member = zlib.decompressobj(_GZIP)
        try:
            plain += member.decompress(body, bytes_max + 1 - len(plain))
        except zlib.error as exc:
            raise Garbled("The request body is not valid gzip") from exc
        if len(plain) > bytes_max:
            raise TooLarge("decompressed")
        if not member.eof:
            raise Garbled("The gzip request body is cut short")
        body = member.unused_data
        if not body:
            return bytes(plain)
    raise Garbled(f"The gzip request body has more than {GZIP_MEMBERS_MAX} members")


async def hold(scope: Scope, for_s: float) -> bool:
    """Keep the caller waiting, where the server can; False when he hung up."""
    held = scope.get(_HOLD)
    return held is None or await held(for_s)


async def send_answer(send: Send, answer: Answer, request_id: str) -> None:
    """Send the answer in one piece."""
    headers = [
        (b"content-type", answer.content_type),
        *_FIXED_HEADERS,
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-request-id", request_id.encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
