"""Where a message's reader, and whoever carried it, answer: signed links and return paths. Pure.

A token names its workspace, so that it is known whose key signed it, and the send; of the address it holds the blind
index alone. What was changed, made up, or signed by another workspace opens nothing. A reader's token is good for
ever: it outlives the send it came with.
"""

import base64
import binascii
import hmac
from urllib.parse import quote
from uuid import UUID

from msgspec import Struct

from clarion.messaging.port import CHANNELS, Channel
from clarion.vault import Vault

UNSUBSCRIBE, PREFERENCES, SUBSCRIBE = "/p/unsubscribe", "/p/preferences", "/p/subscribe"
OPEN, CLICK, REPORTS = "/p/open", "/p/click", "/p/reports"
#: A longer URL is left as it is, and its clicks are not seen.
URL_CHARS_MAX = 2_000

_TOKEN_MAC_BYTES = 13
_TOKEN_CHARS_MAX = 100
_TAG_MAC_BYTES = 9
_UUID_BYTES = 16


class Reader(Struct, frozen=True, kw_only=True):
    """To whom a message went: an address on a channel, by its blind index."""

    workspace_id: UUID
    send_id: UUID
    channel: Channel
    blind: UUID


class Token(Struct, frozen=True):
    """What somebody shows. Nothing in it is true before it was read with the workspace's vault."""

    workspace_id: UUID
    body: bytes
    mac: bytes


class Links(Struct, frozen=True):
    """The links of an installation. `base_url`: where recipients reach it."""

    base_url: str

    def unsubscribe(self, vault: Vault, reader: Reader) -> str:
        return f"{self.base_url}{UNSUBSCRIBE}/{reader_token(vault, reader)}"

    def preferences(self, vault: Vault, reader: Reader) -> str:
        return f"{self.base_url}{PREFERENCES}/{reader_token(vault, reader)}"

    def printed(self, vault: Vault, reader: Reader) -> dict[str, str]:
        """By the names under which a template prints them."""
        return {
            "unsubscribe_url": self.unsubscribe(vault, reader),
            "preferences_url": self.preferences(vault, reader),
        }

    def examples(self) -> dict[str, str]:
        """The same for a preview: they are nobody's, and open the page that says so."""
        return {
            "unsubscribe_url": f"{self.base_url}{UNSUBSCRIBE}/example",
            "preferences_url": f"{self.base_url}{PREFERENCES}/example",
        }

    def opened(self, vault: Vault, workspace_id: UUID, send_id: UUID) -> str:
        return f"{self.base_url}{OPEN}/{_token(vault, 'open', workspace_id, send_id.bytes)}"

    def clicked(self, vault: Vault, workspace_id: UUID, send_id: UUID, url: str) -> str:
        """Leads to `url`, and to no other."""
        token = _token(vault, "click", workspace_id, send_id.bytes, url.encode())
        return f"{self.base_url}{CLICK}/{token}?u={quote(url, safe='')}"

    def reports(self, vault: Vault, workspace_id: UUID, channel: Channel) -> str:
        """Where whoever carries a channel tells what became of messages."""
        token = _token(vault, "reports", workspace_id, bytes([CHANNELS.index(channel)]))
        return f"{self.base_url}{REPORTS}/{token}"

    def is_ours(self, url: str) -> bool:
        """Whether a link is one of these."""
        return url.startswith(f"{self.base_url}/p/")


def parse(text: str) -> Token | None:
    """A token as it stands in a URL; None where it is none."""
    if len(text) > _TOKEN_CHARS_MAX or not text.isascii():
        return None
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(whole) <= _UUID_BYTES + _TOKEN_MAC_BYTES or _text(whole) != text:
        return None
    return Token(
        UUID(bytes=whole[:_UUID_BYTES]), whole[_UUID_BYTES:-_TOKEN_MAC_BYTES], whole[-_TOKEN_MAC_BYTES:]
    )


def reader_token(vault: Vault, reader: Reader) -> str:
    body = reader.send_id.bytes + reader.blind.bytes + bytes([CHANNELS.index(reader.channel)])
    return _token(vault, "reader", reader.workspace_id, body)


def reader_of(vault: Vault, token: Token) -> Reader | None:
    """Whose it is; None where this workspace did not sign it."""
    body = token.body
    if len(body) != 2 * _UUID_BYTES + 1 or body[-1] >= len(CHANNELS) or not _signed(vault, "reader", token):
        return None
    return Reader(
        workspace_id=token.workspace_id,
        send_id=UUID(bytes=body[:_UUID_BYTES]),
        channel=CHANNELS[body[-1]],
        blind=UUID(bytes=body[_UUID_BYTES : 2 * _UUID_BYTES]),
    )


def opened_send(vault: Vault, token: Token) -> UUID | None:
    """The send whose pixel this is."""
    return _send(token) if _signed(vault, "open", token) else None


def clicked_send(vault: Vault, token: Token, url: str) -> UUID | None:
    """The send in which this URL stood; None where it did not."""
    return _send(token) if _signed(vault, "click", token, url.encode("utf-8", "replace")) else None


def reporting_channel(vault: Vault, token: Token) -> Channel | None:
    """The channel whose carrier may tell here."""
    known = len(token.body) == 1 and token.body[0] < len(CHANNELS) and _signed(vault, "reports", token)
    return CHANNELS[token.body[0]] if known else None


def return_tag(vault: Vault, send_id: UUID) -> str:
    """What stands behind the `+` of a return path: 40 letters and digits, whose case does not matter."""
    mac = vault.signature("return path", send_id.bytes)[:_TAG_MAC_BYTES]
    return base64.b32encode(send_id.bytes + mac).decode().lower()


def returned_send(vault: Vault, tag: str) -> UUID | None:
    """The send whose return path has this tag; None where this workspace did not sign it."""
    try:
        whole = base64.b32decode(tag.upper())
    except (binascii.Error, ValueError):
        return None
    if len(whole) != _UUID_BYTES + _TAG_MAC_BYTES:
        return None
    send_id, mac = UUID(bytes=whole[:_UUID_BYTES]), whole[_UUID_BYTES:]
    signed = vault.signature("return path", send_id.bytes)[:_TAG_MAC_BYTES]
    return send_id if hmac.compare_digest(mac, signed) else None


def _send(token: Token) -> UUID | None:
    return UUID(bytes=token.body) if len(token.body) == _UUID_BYTES else None


def _token(vault: Vault, purpose: str, workspace_id: UUID, body: bytes, about: bytes = b"") -> str:
    body = workspace_id.bytes + body
    return _text(body + vault.signature(purpose, body + about)[:_TOKEN_MAC_BYTES])


def _signed(vault: Vault, purpose: str, token: Token, about: bytes = b"") -> bool:
    expected = vault.signature(purpose, token.workspace_id.bytes + token.body + about)[:_TOKEN_MAC_BYTES]
    return hmac.compare_digest(token.mac, expected)


def _text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")
