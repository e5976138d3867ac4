"""Signed links, return paths, links led elsewhere, and how often a link may be used. Pure."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.messaging import CHANNELS, Links, links, tracking
from clarion.messaging.readers import Choice, ReaderStanding
from clarion.public import answers
from clarion.public.bounds import KEYS_MAX, Bounds
from clarion.public.words import CATALOGUE, in_language
from clarion.vault import Vault

HERE, THERE = UUID(int=1), UUID(int=2)
OURS, THEIRS = Vault(HERE, b"k" * 32), Vault(THERE, b"k" * 32)
SEND = UUID(int=3)
READER = links.Reader(workspace_id=HERE, send_id=SEND, channel="email", blind=UUID(int=4))
TOKEN = links.reader_token(OURS, READER)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_token_gives_back_its_reader_and_only_to_its_workspace(channel):
    reader = links.Reader(workspace_id=HERE, send_id=SEND, channel=channel, blind=UUID(int=4))
    token = links.parse(links.reader_token(OURS, reader))
    assert token is not None and links.reader_of(OURS, token) == reader
    assert links.reader_of(THEIRS, token) is None, "the same key material, bound to another workspace"


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABab01-_"))
def test_a_token_with_another_letter_is_nobodys(position, letter):
    changed = TOKEN[:position] + letter + TOKEN[position + 1 :]
    token = links.parse(changed)
    assert changed == TOKEN or token is None or links.reader_of(OURS, token) is None


def test_a_token_is_good_for_its_own_purpose_alone():
    opened = Links("").opened(OURS, HERE, SEND).rpartition("/")[2]
    clicked = (
        Links("").clicked(OURS, HERE, SEND, "https://a.example/").rpartition("/p/click/")[2].partition("?")[0]
    )
    reports = Links("").reports(OURS, HERE, "sms").rpartition("/")[2]
    for text in (opened, clicked, reports, TOKEN):
        token = links.parse(text)
        assert token is not None
        assert (links.opened_send(OURS, token) is not None) == (text == opened)
        assert (links.clicked_send(OURS, token, "https://a.example/") is not None) == (text == clicked)
        assert (links.reporting_channel(OURS, token) is not None) == (text == reports)
        assert (links.reader_of(OURS, token) is not None) == (text == TOKEN)


def test_links_are_short_and_name_nobody():
    url = Links("https://mail.shop.example").unsubscribe(OURS, READER)
    assert len(url) < 130 and url.isascii() and "%" not in url
    assert len(links.return_tag(OURS, SEND)) == 40 and links.return_tag(OURS, SEND).isalnum()


@given(st.text(max_size=120))
def test_whatever_stands_for_a_token_or_a_tag_is_read_without_harm(text):
    token = links.parse(text)
    assert token is None or links.reader_of(OURS, token) is None or text == TOKEN
    assert links.returned_send(OURS, text) is None


def test_web_links_are_led_and_others_stay():
    html = (
        '<a class="b" href="https://a.example/?x=1&amp;y=2">1</a><A HREF=\'http://b.example/\'>2</A>'
        '<a title="a > b" href="https://c.example/">3</a><area href="https://d.example/"><a data-href="https://e.example/">'
        '<a href="mailto:a@b.example">m</a><a href="#top">t</a><a href="tel:1">p</a><link href="https://f.example/">'
    )
    found = tracking.urls(html)
    assert found == [
        "https://a.example/?x=1&y=2",
        "http://b.example/",
        "https://c.example/",
        "https://d.example/",
    ]
    led = tracking.led(html, {"https://a.example/?x=1&y=2": "https://us.example/p/click/t?u=1&b"})
    assert 'href="https://us.example/p/click/t?u=1&amp;b"' in led and "a.example" not in led
    assert led.endswith(html[html.index("<A HREF") :])


def test_a_pixel_is_the_last_of_the_body():
    assert tracking.with_pixel("<body><p>x</p></body>", "https://a/?b&c").endswith(
        'style="display:block;border:0"></body>'
    )
    assert 'src="https://a/?b&amp;c"' in tracking.with_pixel("<p>x", "https://a/?b&c")


def test_html_without_an_end_costs_no_time():
    for evil in ("<a " * 50_000, '<a "' * 50_000, "<a href=" * 30_000, '<a x="' + "y" * 200_000):
        tracking.urls(evil)


def test_a_bucket_fills_again_and_forgets_what_was_not_seen_for_longest():
    now = [0.0]
    bounds = Bounds(3, lambda: now[0])
    assert [bounds.take("a") for _ in range(3)] == [None] * 3
    assert bounds.take("a") == pytest.approx(20)
    now[0] += 20
    assert bounds.take("a") is None and bounds.take("a") is not None
    for number in range(KEYS_MAX):
        bounds.take(str(number))
    assert bounds.take("a") is None, "forgotten, so as if never seen"


# ---- pages


def shown(**more):
    standing = {
        "value": "ann@example.com",
        "language": None,
        "sender": None,
        "subscribed": True,
        "choices": [],
    }
    return answers.Page(
        token=TOKEN, channel=more.pop("channel", "email"), workspace="<b>shop</b>",
        standing=ReaderStanding(**standing | more),
    )  # fmt: skip


def test_what_a_workspace_writes_is_text_on_every_page():
    choices = [Choice(topic='"><script>', title="<script>alert(1)</script>", agreed=True)]
    page = shown(choices=choices, sender="</h1><script>")
    pages = [answers.unsubscribe, answers.unsubscribed, answers.subscribed, answers.preferences]
    for write in pages:
        html = write(page)
        assert "<script" not in html and "<b>shop" not in html and "ann@example.com" not in html
        assert html.count("<h1>") == 1 and '<html lang="en">' in html and 'name="robots"' in html


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("ann@example.com", "an…@example.com"),
        ("a@b.example", "a…@b.example"),
        ("+380441234567", "…4567"),
        (None, None),
    ],
)
def test_an_address_is_shown_to_its_owner_alone(value, seen):
    assert answers.shown_address(value) == seen


def test_every_language_says_everything_and_the_nearest_is_taken():
    for words in CATALOGUE.values():
        assert set(words.what) == {"email", "sms", "viber"}
    assert in_language("en_GB")[0] == in_language("xx")[0] == in_language(None)[0] == "en"
