"""JSON that no decoder reads because of one item in it, made readable for the sake of the others. No semantics."""

import re

DEPTH_KEPT = 64  # far beyond what any vendor allows, far below what the decoder can
_TOKENS_MAX = (
    100_000  # brackets and texts that are looked at, in 20 ms; a batch of 200 events has about 10,000
)
# The last quote is optional: a text that never ends is read once, not from each quote in it again.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_CLOSING = {ord("["): ord("]"), ord("{"): ord("}")}


def flattened(body: bytes) -> bytes:
    """The same with blanks for whatever lies deeper than DEPTH_KEPT, as long as it was.

    What was too deep for its rules still is. Brackets that do not match are left for the decoder to find, and so is a
    body of too many.
    """
    flat = bytearray(body)
    open_brackets: list[int] = []
    starts_at = 0
    for count, token in enumerate(_TOKEN.finditer(body)):
        if count == _TOKENS_MAX:
            return body
        sign = body[token.start()]
        if sign in _CLOSING:
            open_brackets.append(_CLOSING[sign])
            if len(open_brackets) == DEPTH_KEPT:
                starts_at = token.end()
        elif sign != ord('"'):
            if not open_brackets or open_brackets.pop() != sign:
                return body
            if len(open_brackets) == DEPTH_KEPT - 1:
                flat[starts_at : token.start()] = b" " * (token.start() - starts_at)
    return bytes(flat)
