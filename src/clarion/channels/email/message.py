"""A mail's bytes from a message: the same for every try. Pure.

Headers are written here and not by the standard library's policy, which encodes long unbroken values (a signed
unsubscribe link) into what no reader takes for a link. Bodies are quoted-printable: letters beyond ASCII and long
lines pass any server.
"""

import re
from binascii import b2a_qp
from email.header import Header
from email.utils import format_datetime
from html import escape
from uuid import UUID

import css_inline
import idna
from msgspec import Struct

from clarion.messaging import configs, tracking
from clarion.messaging.plain import plain
from clarion.messaging.port import Email, Outgoing

_BREAK = re.compile(r"\r\n?|\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\"]{1,253}")
#: Headers that the message itself decides.
_OURS = frozenset(
    {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "return-path", "received",
     "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "dkim-signature"}
)  # fmt: skip
_LOCAL_MAX = 64
#: Of a bounce address: the rest is the send's.
BOUNCE_LOCAL_MAX = 23
_TAGS_MAX = 10
_WORD_MAX = 60
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


class Unwritable(Exception):
    """Cannot be written as a mail; the text says what. `address`: it is the recipient's."""

    def __init__(self, what: str, *, address: bool = False) -> None:
        super().__init__(what)
        self.address = address


class Mail(Struct, frozen=True, kw_only=True):
    """What goes over the wire. `utf8`: an address wants SMTPUTF8."""

    return_path: str
    recipient: str
    message_id: str
    data: bytes
    utf8: bool


def build(message: Outgoing, config: configs.Smtp) -> Mail:
    """The mail. Raises Unwritable: control characters in a header are refused, not mended."""
    if not isinstance(message.content, Email):
        raise Unwritable("not a mail")
    sender = address(message.sender or config.sender)
    try:
        recipient = address(message.recipient)
    except Unwritable as exc:
        raise Unwritable(str(exc), address=True) from None
    message_id = message_id_of(message.send_id, sender)
    lines = [_line(name, value) for name, value in _headers(message, config, sender, recipient, message_id)]
    return Mail(
        return_path=return_path(message.return_tag, config.bounce_address)
        if config.bounce_address
        else sender,
        recipient=recipient,
        message_id=message_id,
        data=b"".join(lines) + _body(message, message.content),
        utf8=not (sender + recipient).isascii(),
    )


def address(text: str) -> str:
    """As it stands on the wire: the domain in A-labels. Raises Unwritable."""
    if _ADDRESS.fullmatch(text) is None or _CONTROL.search(text):
        raise Unwritable("not an address")
    local, _, domain = text.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError):
        raise Unwritable("not a domain") from None


def message_id_of(send_id: UUID, sender: str) -> str:
    """The same for every try of a send, so that whoever got two can tell."""
    return f"<{send_id.hex}@{sender.rpartition('@')[2]}>"


def return_path(tag: str | None, bounce_address: str) -> str:
    """Where this send's bounces come back to: `bounces+TAG@domain` (VERP). Raises Unwritable: it would be too long."""
    local, _, domain = address(bounce_address).rpartition("@")
    if tag is None:
        return f"{local}@{domain}"
    if len(local) + 1 + len(tag) > _LOCAL_MAX:
        raise Unwritable(
            f"the bounce address: what stands before its @ is longer than {BOUNCE_LOCAL_MAX} letters"
        )
    return f"{local}+{tag}@{domain}"


def tag_of(recipient: str) -> str | None:
    """What marks the send whose return path this is; None where it is nobody's."""
    found = re.fullmatch(r".+\+([a-z2-7]{40})@[^@]+", recipient.strip().lower())
    return found[1] if found else None


def _headers(
    message: Outgoing, config: configs.Smtp, sender: str, recipient: str, message_id: str
) -> list[tuple[str, str]]:
    assert isinstance(message.content, Email)
    name = message.sender_name if message.sender_name is not None else config.sender_name
    found = [
        ("From", _mailbox(name, sender)),
        ("To", recipient),
        ("Subject", _words("Subject", message.content.subject)),
        ("Date", format_datetime(message.created_at)),
        ("Message-ID", message_id),
    ]
    if message.reply_to:
        # One address, or several with commas between.
        found.append(("Reply-To", ",\r\n ".join(address(one.strip()) for one in message.reply_to.split(","))))
    if message.unsubscribe_url:
        # RFC 8058: one-click wants both, and the link to be HTTPS.
        found.append(("List-Unsubscribe", f"<{_url(message.unsubscribe_url)}>"))
        if message.unsubscribe_url.startswith("https://"):
            found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    found += [("X-Tag", _words("X-Tag", tag)) for tag in message.tags[:_TAGS_MAX]]
    return found + [(_name(name), _words(name, value)) for name, value in message.headers.items()]


def _name(name: str) -> str:
    if _NAME.fullmatch(name) is None or name.lower() in _OURS:
        raise Unwritable(f"header {name!r} cannot be set")
    return name


def _line(name: str, value: str) -> bytes:
    line = f"{name}: {value}\r\n"
    if any(len(part) > 998 for part in line.encode().split(b"\r\n")):
        raise Unwritable(f"header {name} is too long")
    return line.encode()


def _words(name: str, text: str) -> str:
    """Free text, in encoded words where it is not plain ASCII, folded. Raises Unwritable for control characters."""
    if _CONTROL.search(text):
        raise Unwritable(f"header {name} has a control character")
    if text.isascii() and len(text) + len(name) < 76 and "=?" not in text:
        return text
    foldable = text.isascii() and "=?" not in text and all(len(word) < _WORD_MAX for word in text.split(" "))
    charset = "us-ascii" if foldable else "utf-8"
    try:
        return Header(text, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")
    except UnicodeEncodeError:
        raise Unwritable(f"header {name} is not Unicode") from None


def _mailbox(name: str, of: str) -> str:
    if not name:
        return of
    if _CONTROL.search(name):
        raise Unwritable("the sender's name has a control character")
    if name.isascii() and len(name) < 60 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{of}>'
    return f"{Header(name, 'utf-8', header_name='From').encode(linesep=chr(13) + chr(10))}\r\n <{of}>"


def _url(url: str) -> str:
    if (
        not url.startswith(("https://", "http://"))
        or not url.isascii()
        or re.search(r"[\s<>\x00-\x1f\x7f]", url)
    ):
        raise Unwritable("the unsubscribe link is not a URL")
    return url


def _body(message: Outgoing, content: Email) -> bytes:
    """`multipart/alternative`, the text first. Its boundary is the send's, so that every try is the same; in
    quoted-printable no line can look like it. Without HTML the text stands alone: readers show HTML, also an empty one.
    """
    if not content.html and content.text is not None:
        return f"MIME-Version: 1.0\r\n{_part('plain', content.text)}".encode("ascii")
    html = tracking.led(inlined(with_preheader(content.html, content.preheader)), message.clicks)
    if message.pixel_url:
        html = tracking.with_pixel(html, message.pixel_url)
    text = content.text if content.text is not None else plain(content.html)
    boundary = f"=_{message.send_id.hex}"
    parts = "".join(
        f"--{boundary}\r\n{_part(kind, of)}\r\n" for kind, of in (("plain", text), ("html", html))
    )
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    return f"{head}{parts}--{boundary}--\r\n".encode("ascii")


def _part(kind: str, text: str) -> str:
    try:
        lines = _BREAK.sub("\r\n", text).encode()
    except UnicodeEncodeError:
        raise Unwritable("the text is not Unicode") from None
    encoded = b2a_qp(lines, istext=True).decode("ascii")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head + encoded


def with_preheader(html: str, preheader: str) -> str:
    """The line that inboxes show beside the subject, hidden at the top of the body."""
    if not preheader:
        return html
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escape(preheader)}</div>'
    found = re.search(r"<body[^>]*>", html, re.IGNORECASE)
    return html[: found.end()] + hidden + html[found.end() :] if found else hidden + html


def inlined(html: str) -> str:
    """CSS in the elements' own style, `@media` kept; nothing is loaded. What it cannot read stays as it is."""
    if "<style" not in html.lower():
        return html
    try:
        return _inliner.inline(html)
    except (css_inline.InlineError, ValueError):
        return html
