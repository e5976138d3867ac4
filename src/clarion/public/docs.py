"""The project's docs/ as pages: rendered once each, on first reading, from sources that are held in memory.

A page is looked up by its name among those sources, so no path of a request ever reaches a file system.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

import clarion
from clarion.public.html import frame

#: As a reader comes to them; others follow.
_SECTIONS = ("", "tutorial", "how-to", "reference", "explanation", "decisions")
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_TITLE = re.compile(r"^# +(.+?)\s*$", re.MULTILINE)
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


def read() -> dict[str, str]:
    """Markdown by path (`reference/configuration.md`), scripts among it: the installed wheel's, else the
    checkout's, else none.
    """
    installed = Path(str(files("clarion"))) / "docs"
    folder = installed if installed.is_dir() else Path(clarion.__file__).parents[2] / "docs"
    return {
        path.relative_to(folder).as_posix(): _markdown(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".md", ".sh")
    }


def _markdown(path: Path) -> str:
    """A page as it stands, a script as one block under its name."""
    text = path.read_text("utf-8")
    return text if path.suffix == ".md" else f"# {path.name}\n\n```sh\n{text}```\n"


class _Entry(Struct, frozen=True):
    """A line of the list at the side: `url` below /docs/, and the folder it stands under."""

    url: str
    title: str
    section: str


class Docs:
    """Pages by their path below /docs/."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {_url(path): _COMMENT.sub("", text) for path, text in sources.items()}
        self._folders = {_url(path): posixpath.dirname(path) for path in sources}
        self._entries = sorted(map(self._entry, self._sources), key=_place)
        self._rendered: dict[str, str] = {}
        self._markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

    def page(self, url: str) -> str | None:
        """The whole HTML page; None where there is none."""
        if url not in self._sources:
            return self._in_frame("Docs", "<h1>Docs</h1>\n<p>Choose a page.</p>", url) if url == "" else None
        if url not in self._rendered:
            content = self._markdown.renderer.render(
                list(_adapted(self._markdown.parse(self._sources[url]), self._folders[url])),
                self._markdown.options,
                {},
            )
            self._rendered[url] = self._in_frame(_title(self._sources[url], url), content, url)
        return self._rendered[url]

    def missing(self) -> str:
        """The page for a path where nothing is."""
        return self._in_frame("Not found", "<h1>Not found</h1>\n<p>There is no such page.</p>", None)

    def _entry(self, url: str) -> _Entry:
        return _Entry(url, _title(self._sources[url], url), posixpath.dirname(url))

    def _in_frame(self, title: str, content: str, url: str | None) -> str:
        return frame(
            f"{title} – Clarion",
            f'<div class="docs">\n<nav aria-label="Docs">\n{self._list(url)}</nav>\n<main>\n{content}\n</main>\n</div>',
        )

    def _list(self, here: str | None) -> str:
        lines = []
        for section, entries in groupby(self._entries, key=lambda entry: entry.section):
            if section:
                lines.append(f"<h2>{escape(section.replace('-', ' ').replace('/', ' / '))}</h2>")
            lines += ["<ul>", *(_line(entry, entry.url == here) for entry in entries), "</ul>"]
        return "\n".join([*lines, ""])


def _place(entry: _Entry) -> tuple[int, str, str]:
    known = _SECTIONS.index(entry.section) if entry.section in _SECTIONS else len(_SECTIONS)
    return known, entry.section, entry.url


def _line(entry: _Entry, here: bool) -> str:
    current = ' aria-current="page"' if here else ""
    return f'<li><a href="/docs/{escape(entry.url)}"{current}>{escape(entry.title)}</a></li>'


def _url(path: str) -> str:
    """`reference/configuration.md` is read at /docs/reference/configuration, an index at its folder."""
    stem = path.removesuffix(".md")
    folder, name = posixpath.split(stem)
    if name.lower() in ("index", "readme"):
        return f"{folder}/" if folder else ""
    return stem


def _title(text: str, url: str) -> str:
    found = _TITLE.search(text)
    return found.group(1).replace("`", "") if found else url


def _adapted(tokens: list[Token], folder: str) -> Iterator[Token]:
    """Links between files become links between pages, those to files that are no page mere text; headings can be
    linked to, by GitHub's names for them.
    """
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and after is not None:
            token.attrSet("id", _slug(after.content))
        if token.children:
            token.children = list(_linked(token.children, folder))
        yield token


def _linked(tokens: list[Token], folder: str) -> Iterator[Token]:
    inside = True
    for token in tokens:
        if token.type == "link_open":
            href = str(token.attrGet("href"))
            inside = not _leads_out(href, folder)
            token.attrSet("href", _href(href))
        if inside or token.type not in ("link_open", "link_close"):
            yield token


def _leads_out(href: str, folder: str) -> bool:
    """Whether it is a file of the checkout beside docs/: no server has a page of it."""
    return "://" not in href and posixpath.normpath(posixpath.join(folder, href)).startswith("..")


def _slug(heading: str) -> str:
    return _NOT_IN_SLUG.sub("", heading.lower()).replace(" ", "-")


def _href(href: str) -> str:
    path, mark, anchor = href.partition("#")
    if "://" in path or path.startswith("/") or not path.endswith(".md"):
        return href
    folder, name = posixpath.split(path)
    stem = "" if name.lower() in ("index.md", "readme.md") else name.removesuffix(".md")
    return f"{posixpath.join(folder, stem) or './'}{mark}{anchor}"
