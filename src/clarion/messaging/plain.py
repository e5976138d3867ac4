"""The text part of a mail that has none: what a reader of its HTML sees, without the looks. Pure."""

import re
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "table",
        "tr",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "hr",
        "li",
    }
)
_LINKS = ("http://", "https://", "mailto:", "tel:")
_VOID = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "col"})


def plain(html: str) -> str:
    """Paragraphs, list items with a dash, links as `words (URL)`, images by their alternative text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\r\f\v\u00a0]+", " ", line).strip() for line in "".join(reader.written).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self._unseen: list[str] = []  # open elements whose text nobody sees, outermost first
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._unseen or tag in _UNSEEN or _is_hidden(given):
            if tag not in _VOID:
                self._unseen.append(tag)
        elif tag == "br":
            self.written.append("\n")
        elif tag == "img":
            self.written.append(given.get("alt") or "")
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.written)))
        elif tag in _BLOCKS:
            self.written.append("\n\n" if tag not in ("li", "tr") else "\n")
            if tag == "li":
                self.written.append("- ")
        elif tag in ("td", "th"):
            self.written.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in _BLOCKS and tag not in ("li", "tr"):
            self.written.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.written.append(re.sub(r"\s+", " ", data))

    def _close_link(self, href: str, since: int) -> None:
        words = "".join(self.written[since:]).strip()
        if href.startswith(_LINKS) and href.removeprefix("mailto:") != words:
            self.written.append(f" ({href})")


def _is_hidden(given: dict[str, str | None]) -> bool:
    """A preheader and its like."""
    return "display:none" in (given.get("style") or "").replace(" ", "").lower()
