"""The frame of every page: one style, no script."""

import base64
import hashlib
from html import escape
from importlib.resources import files

STYLE = files("clarion.public").joinpath("style.css").read_text("utf-8")
#: How the Content-Security-Policy names the style.
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

_FRAME = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header><a class="name" href="/">Clarion</a><nav><a href="/docs/">Docs</a></nav></header>
{body}
</body>
</html>
"""


_PLAIN = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main class="answer">
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def plain_frame(language: str, title: str, body: str) -> str:
    """A whole page for people who do not know us: nothing but what it says, and for no index."""
    return _PLAIN.format(language=escape(language), title=escape(title), style=STYLE, body=body)


def frame(title: str, body: str) -> str:
    """A whole page; `title` is text, `body` is HTML."""
    return _FRAME.format(title=escape(title), style=STYLE, body=body)
