"""MJML becomes HTML, once, when a template is saved; the Velocity in it stays. Pure: no file is read, nothing loaded.

mrml, which compiles it, says of many faults neither the line nor the element, and crashes on nesting without end. So
the tags are looked at here first.
"""

import re

from mjml import mjml2html
from msgspec import Struct

from clarion.messaging.holes import Aside, put_aside
from clarion.messaging.rendering import Unwritable

DEPTH_MAX = 100
SOURCE_CHARS_MAX = 1_000_000

#: What mrml knows, but mj-include, which would read files.
ELEMENTS = frozenset(
    """mjml mj-head mj-body mj-attributes mj-all mj-class mj-breakpoint mj-font mj-preview mj-style mj-title
    mj-accordion mj-accordion-element mj-accordion-title mj-accordion-text mj-button mj-carousel mj-carousel-image
    mj-column mj-divider mj-group mj-hero mj-image mj-navbar mj-navbar-link mj-raw mj-section mj-social
    mj-social-element mj-spacer mj-table mj-text mj-wrapper""".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_ATTRIBUTE = r"""\s+[A-Za-z_][\w.-]*(?::[\w.-]+)?(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'))?"""
_TAG = re.compile(
    rf"<!--.*?-->|<(?P<closing>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<rest>(?:{_ATTRIBUTE})*)\s*(?P<alone>/?)>|<|\]\]>|\x00",
    re.DOTALL,
)
_BRACKET = re.compile(">")
_PLACE = re.compile(r" in root template(?: at position (\d+):\d+)?")
_SHOWN_MAX = 60


class _Open(Struct, frozen=True):
    name: str
    line: int


def compile(source: str) -> str:
    """The HTML of a document in MJML. Raises Unwritable, which names line and element."""
    if len(source) > SOURCE_CHARS_MAX:
        raise Unwritable(f"MJML may have {SOURCE_CHARS_MAX:,} characters")
    aside = put_aside(source)
    aside = aside.also(_check_tags(aside))
    html = _html(aside)
    if lost := aside.lost_in(html):
        shown = lost.source[:_SHOWN_MAX]
        raise Unwritable(f"line {lost.line}: {shown} stands where MJML writes nothing; put it into an element's "
                         "text, a link, or <mj-raw>")  # fmt: skip
    return aside.put_back(html)


def _html(aside: Aside) -> str:
    try:
        return mjml2html(aside.text, fonts={})
    except UnicodeEncodeError as exc:
        raise Unwritable("MJML holds half a character") from exc
    except ValueError as exc:
        raise Unwritable(_told(str(exc), aside)) from exc
    except BaseException as exc:
        # A panic of mrml, which pyo3 raises under a name that cannot be imported. None is known, but what
        # `_check_tags` puts aside; the next version may have another one.
        if type(exc).__name__ != "PanicException":
            raise
        raise Unwritable("MJML cannot be read") from exc


def _check_tags(aside: Aside) -> list[int]:
    """Where a > stands outside of tags: behind a letter beyond ASCII it makes mrml's parser panic.

    Raises Unwritable where tags do not match, are none of MJML's, or nest too deep for mrml, which would crash.
    """
    open_: list[_Open] = []
    brackets: list[int] = []
    at = 0
    root_end: int | None = None
    seen = False
    for found in _TAG.finditer(aside.text):
        brackets += _brackets(aside.text, at, found.start())
        at = found.end()
        line = aside.line_of(found.start())
        name = found["name"]
        if name is None:
            _check_other(found[0], line, open_)
        elif found["closing"]:
            _close(open_, name, line)
            root_end = None if open_ else found.end()
        else:
            _check_name(name, line, first=not seen, last=root_end is not None)
            seen = True
            if not found["alone"] and name not in _VOID:
                open_.append(_Open(name, line))
            if len(open_) > DEPTH_MAX:
                raise Unwritable(f"line {line}: <{name}> is nested more than {DEPTH_MAX} deep")
    if open_:
        raise Unwritable(f"line {open_[-1].line}: <{open_[-1].name}> is never closed")
    if not seen:
        raise Unwritable("line 1: MJML begins with <mjml>")
    if root_end is not None and aside.text[root_end:].strip():
        raise Unwritable(f"line {aside.line_of(root_end)}: something stands after </mjml>")
    return brackets


def _brackets(text: str, start: int, end: int) -> list[int]:
    return [found.start() for found in _BRACKET.finditer(text, start, end)]


def _check_other(said: str, line: int, open_: list[_Open]) -> None:
    """What is no tag: a comment, or a character that cannot stand there."""
    inside = f"in <{open_[-1].name}> " if open_ else ""
    if said == "<":
        raise Unwritable(f"line {line}: {inside}a < that begins no tag; write &lt; for the character")
    if said == "]]>":
        raise Unwritable(f"line {line}: {inside}]]> cannot stand there; write ]]&gt;")
    if said == "\0":
        raise Unwritable(f"line {line}: {inside}the character U+0000")
    if "--" in said[len("<!--") : -len("-->")] or said.endswith("--->"):
        raise Unwritable(f"line {line}: {inside}a comment with -- in it")


def _check_name(name: str, line: int, *, first: bool, last: bool) -> None:
    if last:
        raise Unwritable(f"line {line}: <{name}> stands after </mjml>")
    if first and name != "mjml":
        raise Unwritable(f"line {line}: <{name}>: MJML begins with <mjml>")
    if name == "mj-include":
        raise Unwritable(f"line {line}: <mj-include>: no file is read; put its text here")
    if (
        name.lower().startswith("mj")
        and name not in ELEMENTS
        and (name.lower()[2:3] == "-" or name == "mjml")
    ):
        raise Unwritable(f"line {line}: <{name}> is no element of MJML")


def _close(open_: list[_Open], name: str, line: int) -> None:
    if name in _VOID:
        raise Unwritable(f"line {line}: </{name}>: <{name}> has no end; leave this out")
    if not open_:
        raise Unwritable(f"line {line}: </{name}> closes nothing")
    if open_[-1].name != name:
        raise Unwritable(
            f"line {line}: </{name}> comes before <{open_[-1].name}> of line {open_[-1].line} is closed"
        )
    open_.pop()


def _told(said: str, aside: Aside) -> str:
    """What mrml says, with the line and the tag where it says the place (in bytes)."""
    found = _PLACE.search(said)
    what = _PLACE.sub("", said)
    if found is None or found[1] is None:
        return f"MJML cannot be read: {what}"
    before = aside.text.encode()[: int(found[1])].decode("utf-8", "ignore")
    after = aside.text[len(before) :]
    at = len(before) + len(after) - len(after.lstrip())
    tag = re.match(r"<[^>]*>?", after.lstrip())
    shown = tag[0] if tag else f"after {before[before.rfind('<') :].strip()}"
    return f"line {aside.line_of(at)}: {shown[:_SHOWN_MAX]}: {what}"
