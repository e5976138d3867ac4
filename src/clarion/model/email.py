"""E-mail addresses: which text is one, and the one form in which we keep and compare it."""

import re
import unicodedata
from functools import lru_cache

OCTETS_MAX = 254  # RFC 5321, 4.5.3.1.3: a path without its angle brackets
_LOCAL_OCTETS_MAX = 64
_TEXT_MAX = 320  # characters; what is longer is not looked at, nor remembered
_REMEMBERED = 16_384

# The unquoted form of RFC 5321 and 6531: no quotes, comments or address literals; a domain of two labels or
# more whose last is not a number. Which characters beyond ASCII may stand there is asked in _is_word.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_LETTER = r"[a-z0-9\x80-\U0010ffff]"
_LABEL = rf"{_LETTER}(?:[a-z0-9\x80-\U0010ffff-]{{0,61}}{_LETTER})?"
_EMAIL = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@(?:{_LABEL}\.)+(?![0-9]+\Z){_LETTER}{_LABEL}")


def canonical_email(text: str) -> str | None:
    """The address trimmed, in lower case and NFC; None when it is none. Applied twice it changes nothing."""
    if len(text) > _TEXT_MAX:
        return None
    return _canonical(text)


@lru_cache(_REMEMBERED)
def _canonical(text: str) -> str | None:
    address = text.strip().lower()
    if not address.isascii():
        address = unicodedata.normalize("NFC", address)
        if not _is_word(address):
            return None
    match = _EMAIL.fullmatch(address)
    if match is None or _octets(address) > OCTETS_MAX or _octets(match[1]) > _LOCAL_OCTETS_MAX:
        return None
    return address


def _is_word(text: str) -> bool:
    """Beyond ASCII only letters, marks and digits: no look-alikes of @ or ., nothing invisible."""
    return all(char.isascii() or unicodedata.category(char)[0] in "LMN" for char in text)


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
