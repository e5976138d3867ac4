"""The links of a rendered HTML: which there are, and led elsewhere. Pure."""

import re
from collections.abc import Mapping
from html import escape, unescape

_HREF = re.compile(
    r"""(<a(?:rea)?\b(?:[^<>"']|"[^"]*"|'[^']*')*?\shref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE
)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_PIXEL = '<img src="{}" width="1" height="1" alt="" style="display:block;border:0">'


def urls(html: str) -> list[str]:
    """Where its links lead on the web, each once; mail addresses, numbers and anchors are none."""
    found = (_url(match) for match in _HREF.finditer(html))
    return list(dict.fromkeys(url for url in found if url.lower().startswith(("https://", "http://"))))


def led(html: str, instead: Mapping[str, str]) -> str:
    """Each link leads where `instead` says; others stay."""

    def of(match: re.Match[str]) -> str:
        url = instead.get(_url(match))
        return match[0] if url is None else f'{match[1]}"{escape(url)}"'

    return _HREF.sub(of, html) if instead else html


def with_pixel(html: str, url: str) -> str:
    """An image that is fetched when the mail is shown, as its last element."""
    pixel = _PIXEL.format(escape(url))
    found = list(_END.finditer(html))
    return html[: found[-1].start()] + pixel + html[found[-1].start() :] if found else html + pixel


def _url(match: re.Match[str]) -> str:
    return unescape(match[2][1:-1]).strip()
