"""The text part of a mail that has none: what a reader of its HTML sees, without the looks. Pure.

Read by one expression and not by the standard library's parser, which took a fifth of a worker's time. No path of the
expression goes back, so that its time is the text's length; what is not closed ends with the text, as in browsers.
"""

import re
from html import unescape

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset("p div table tr ul ol h1 h2 h3 h4 h5 h6 blockquote section hr li".split())
_LINES = frozenset({"li", "tr"})  # blocks without an empty line between them
_LINKS = ("http://", "https://", "mailto:", "tel:")
_VOID = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "col"})

_VALUE = r"""=\s*+(?:"[^"]*+"|'[^']*+'|)"""
#: A comment, a declaration, or a tag: whether it closes, its name, its attributes.
_PIECE = re.compile(
    rf"<!--.*?(?:-->|\Z)|<[!?][^>]*+(?:>|\Z)|<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|{_VALUE})*+)(?:>|\Z)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s=/>"']++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>]*+)))?""")
#: Elements in which nothing is a tag but their own end.
_RAW_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}


def plain(html: str) -> str:
    """Paragraphs, list items with a dash, links as `words (URL)`, images by their alternative text."""
    reader, at = _Reader(), 0
    while piece := _PIECE.search(html, at):
        reader.text(html[at : piece.start()])
        at = piece.end()
        closes, name, attributes = piece.groups()
        if name is None:
            continue
        tag = name.lower()
        if closes:
            reader.end(tag)
        else:
            reader.begin(tag, attributes)
            if tag in _RAW_ENDS:
                end = _RAW_ENDS[tag].search(html, at)
                at = end.start() if end else len(html)
    reader.text(html[at:])
    lines = (" ".join(line.split()) for line in "".join(reader.written).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader:
    def __init__(self) -> None:
        self.written: list[str] = []
        self._unseen: list[str] = []  # open elements whose text nobody sees, outermost first
        self._links: list[tuple[str, int]] = []

    def begin(self, tag: str, attributes: str) -> None:
        if self._unseen or tag in _UNSEEN or _is_hidden(attributes):
            if tag not in _VOID:
                self._unseen.append(tag)
        elif tag == "br":
            self.written.append("\n")
        elif tag == "img":
            self.written.append(_given(attributes).get("alt", ""))
        elif tag == "a":
            self._links.append((_given(attributes).get("href", ""), len(self.written)))
        elif tag in _BLOCKS:
            self.written.append("\n" if tag in _LINES else "\n\n")
            if tag == "li":
                self.written.append("- ")
        elif tag in ("td", "th"):
            self.written.append(" ")

    def end(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())
        elif tag in _BLOCKS and tag not in _LINES:
            self.written.append("\n\n")

    def text(self, data: str) -> None:
        """Its words; a line's end in it is a space."""
        if data and not self._unseen:
            words = unescape(data)
            before, after = " " * words[:1].isspace(), " " * words[-1:].isspace()
            self.written.append(before + " ".join(words.split()) + after)

    def _close_link(self, href: str, since: int) -> None:
        words = "".join(self.written[since:]).strip()
        if href.startswith(_LINKS) and href.removeprefix("mailto:") != words:
            self.written.append(f" ({href})")


def _given(attributes: str) -> dict[str, str]:
    """By their names."""
    return {
        name.lower(): unescape(quoted or single or bare)
        for name, quoted, single, bare in _ATTRIBUTE.findall(attributes)
    }


def _is_hidden(attributes: str) -> bool:
    """A preheader and its like."""
    if "display" not in attributes.lower():
        return False
    return "display:none" in _given(attributes).get("style", "").replace(" ", "").lower()
