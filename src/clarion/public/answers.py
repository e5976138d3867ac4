"""The pages on which readers of messages answer. Pure: what is known of the reader -> HTML."""

from html import escape

from msgspec import Struct

from clarion.messaging.links import PREFERENCES, SUBSCRIBE, UNSUBSCRIBE
from clarion.messaging.readers import ReaderStanding
from clarion.public.html import plain_frame
from clarion.public.words import Words, in_language

#: The names of the form's fields: the channel as a whole, and a topic.
ALL, TOPIC = "all", "topic"


class Page(Struct, frozen=True, kw_only=True):
    """Of whom a page speaks: the token of the link, who sends, on which channel, and what the reader gets."""

    token: str
    channel: str
    workspace: str
    standing: ReaderStanding

    @property
    def who(self) -> str:
        return self.standing.sender or self.workspace


def unsubscribe(page: Page) -> str:
    """Asks; only its button acts."""
    tag, words = in_language(page.standing.language)
    if not page.standing.subscribed:
        return _unsubscribed(page, tag, words, words.already_unsubscribed)
    return plain_frame(
        tag,
        words.unsubscribe,
        f'<p>{_filled(words.unsubscribe_ask, page, words)}</p>\n<p class="soft">{escape(words.unsubscribe_scope)}</p>\n'
        f"{_button(UNSUBSCRIBE, page, words.unsubscribe)}\n{_choose(page, words)}",
    )


def unsubscribed(page: Page) -> str:
    """Done, and how to take it back."""
    tag, words = in_language(page.standing.language)
    return _unsubscribed(page, tag, words, words.unsubscribed_done)


def subscribed(page: Page) -> str:
    """They get it again."""
    tag, words = in_language(page.standing.language)
    return plain_frame(
        tag,
        words.subscribed,
        f'<p role="status">{_filled(words.subscribed_done, page, words)}</p>\n{_choose(page, words)}',
    )


def preferences(page: Page, *, saved: bool = False) -> str:
    """A box for the channel and one for each topic; saving sends all of them."""
    tag, words = in_language(page.standing.language)
    whole = _filled(words.preferences_all, page, words)
    boxes = [_box(ALL, "1", whole, page.standing.subscribed)]
    topics = [_box(TOPIC, one.topic, escape(one.title), one.agreed) for one in page.standing.choices]
    if topics:
        boxes.append(
            f"<fieldset><legend>{escape(words.preferences_topics)}</legend>{''.join(topics)}</fieldset>"
        )
    done = f'<p role="status" class="good">{escape(words.preferences_saved)}</p>\n' if saved else ""
    return plain_frame(
        tag,
        words.preferences,
        f"{done}<p>{_filled(words.preferences_ask, page, words)}</p>\n"
        f'<form method="post" action="{PREFERENCES}/{escape(page.token)}">\n{"".join(boxes)}\n'
        f"<button>{escape(words.preferences_save)}</button>\n</form>\n"
        f'<p class="soft">{escape(words.unsubscribe_scope)}</p>',
    )


def missing(language: str | None) -> str:
    """For a link that nobody made, or that was cut off."""
    tag, words = in_language(language)
    return plain_frame(tag, words.missing, f"<p>{escape(words.missing_why)}</p>")


def too_often(language: str | None) -> str:
    tag, words = in_language(language)
    return plain_frame(tag, words.too_often, f"<p>{escape(words.too_often_why)}</p>")


def away(language: str | None) -> str:
    """For when the database does not answer."""
    tag, words = in_language(language)
    return plain_frame(tag, words.away, f"<p>{escape(words.away_why)}</p>")


def shown_address(value: str | None) -> str | None:
    """Enough for its owner to know it, not for whoever was handed the link: `an…@example.com`, `…4567`."""
    if value is None:
        return None
    local, at, domain = value.rpartition("@")
    return f"{local[:2] if len(local) > 2 else local[:1]}…@{domain}" if at else f"…{value[-4:]}"


def _unsubscribed(page: Page, tag: str, words: Words, what: str) -> str:
    return plain_frame(
        tag,
        words.unsubscribed,
        f'<p role="status">{_filled(what, page, words)}</p>\n<p class="soft">{escape(words.unsubscribe_scope)}</p>\n'
        f"{_button(SUBSCRIBE, page, words.subscribe)}\n{_choose(page, words)}",
    )


def _button(path: str, page: Page, label: str) -> str:
    return f'<form method="post" action="{path}/{escape(page.token)}">\n<button>{escape(label)}</button>\n</form>'


def _choose(page: Page, words: Words) -> str:
    return f'<p><a href="{PREFERENCES}/{escape(page.token)}">{escape(words.choose)}</a></p>'


def _box(name: str, value: str, label: str, checked: bool) -> str:
    """`label` is HTML."""
    on = " checked" if checked else ""
    return f'<label><input type="checkbox" name="{name}" value="{escape(value)}"{on}> {label}</label>\n'


def _filled(text: str, page: Page, words: Words) -> str:
    """As HTML, its first letter large."""
    address = shown_address(page.standing.value) or words.this_address
    filled = text.format(
        who=f"<strong>{escape(page.who)}</strong>",
        address=f"<strong>{escape(address)}</strong>",
        what=escape(words.what.get(page.channel, words.what["email"])),
    )
    return filled[:1].upper() + filled[1:]
