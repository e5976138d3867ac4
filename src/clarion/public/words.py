"""What the pages for recipients say, by language: to add one, write its column. Pure.

`{who}` is who sends, `{address}` to whom, `{what}` what kind of messages. Texts are plain; they are escaped where they
are printed.
"""

from collections.abc import Mapping

from msgspec import Struct


class Words(Struct, frozen=True, kw_only=True):
    """All texts of a language."""

    what: Mapping[str, str]  # by channel
    this_address: str
    unsubscribe: str
    unsubscribe_ask: str
    unsubscribe_scope: str
    unsubscribed: str
    unsubscribed_done: str
    already_unsubscribed: str
    subscribe: str
    subscribed: str
    subscribed_done: str
    preferences: str
    preferences_ask: str
    preferences_all: str
    preferences_topics: str
    preferences_save: str
    preferences_saved: str
    choose: str
    missing: str
    missing_why: str
    too_often: str
    too_often_why: str
    away: str
    away_why: str


ENGLISH = Words(
    what={
        "email": "e-mails with news and offers",
        "sms": "text messages with news and offers",
        "viber": "Viber messages with news and offers",
    },
    this_address="this address",
    unsubscribe="Unsubscribe",
    unsubscribe_ask="Stop {what} from {who} to {address}?",
    unsubscribe_scope="Receipts and other messages that you ask for still come.",
    unsubscribed="You are unsubscribed",
    unsubscribed_done="{who} sends no more {what} to {address}.",
    already_unsubscribed="{address} gets no {what} from {who}.",
    subscribe="Subscribe me again",
    subscribed="You are subscribed",
    subscribed_done="{who} may send {what} to {address}.",
    preferences="What you get",
    preferences_ask="Choose what {who} may send to {address}.",
    preferences_all="Send me {what}",
    preferences_topics="About",
    preferences_save="Save",
    preferences_saved="Your choice is saved.",
    choose="Choose what you get",
    missing="This link does not work",
    missing_why="It may have been cut off: open it once more from the message, or copy all of it into the address bar.",
    too_often="Too often",
    too_often_why="This page was opened very often just now. Wait a minute, then try again.",
    away="Not now",
    away_why="We cannot do this at the moment, and nothing was changed. Try again in a few minutes.",
)

CATALOGUE: Mapping[str, Words] = {"en": ENGLISH}


def in_language(language: str | None) -> tuple[str, Words]:
    """The catalogue's tag and texts that are nearest: `uk-UA`, else `uk`, else English."""
    wanted = (language or "").replace("_", "-").lower()
    for tag in (wanted, wanted.partition("-")[0]):
        if tag in CATALOGUE:
            return tag, CATALOGUE[tag]
    return "en", ENGLISH
