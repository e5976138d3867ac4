"""Mails on the wire: read back by the standard library's parser, and byte by byte where that matters."""

import email
import email.policy
import time
from email.header import decode_header, make_header
from typing import Any

import pytest

from clarion.channels.email.message import Unwritable, build, inlined, tag_of
from clarion.messaging import configs
from clarion.messaging.plain import plain
from clarion.messaging.port import Email
from tests.channels.words import outgoing

SMTP = configs.Smtp(host="smtp.example", sender="shop@shop.example", sender_name="Shöp, Ltd. & Söhne " * 5)
TAG = "abcdefgh" * 5
LONG = "https://shop.example/p/u/" + "Aa0-_" * 120


def mail(**fields: Any) -> Any:
    content = {"subject": "Hello", "html": "<p>Hello</p>"} | fields.pop("content", {})
    config = fields.pop("config", SMTP)
    return build(outgoing(content=Email(**content), **fields), config)


def read(built: Any) -> Any:
    return email.message_from_bytes(built.data, policy=email.policy.default)


def test_headers_say_who_what_and_when():
    built = mail(reply_to="help@shop.example", tags=("welcome",), headers={"X-Campaign": "Größe 1"})
    found = read(built)
    raw = next(value for name, value in email.message_from_bytes(built.data).raw_items() if name == "From")
    assert str(make_header(decode_header(raw))).split() == [*SMTP.sender_name.split(), "<shop@shop.example>"]
    assert found["To"] == "ann@example.com"
    assert found["Date"].datetime.year == 2026
    assert found["Reply-To"] == "help@shop.example"
    assert found["X-Campaign"] == "Größe 1"
    assert found["X-Tag"] == "welcome"
    assert found["MIME-Version"] == "1.0"
    assert found["Message-ID"].endswith("@shop.example>")


def test_every_try_of_a_send_is_the_same_bytes():
    message = outgoing()
    assert build(message, SMTP) == build(message, SMTP)
    assert build(message, SMTP).message_id == f"<{message.send_id.hex}@shop.example>"
    assert build(outgoing(), SMTP).message_id != build(outgoing(), SMTP).message_id


def test_one_click_unsubscribing_is_offered_as_rfc_8058_has_it_and_the_link_stays_whole():
    """The standard library's own policy would encode so long a word; a reader would not know it for a link."""
    raw = mail(unsubscribe_url=LONG).data.decode()
    assert f"\r\nList-Unsubscribe: <{LONG}>\r\n" in raw
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert "List-Unsubscribe-Post" not in mail(unsubscribe_url="http://127.0.0.1:8080/p/u/x").data.decode()
    assert "List-Unsubscribe" not in mail().data.decode()


@pytest.mark.parametrize(
    "subject",
    [
        "Hello",
        "Größe",
        "Знижка −50 % на " + "все-все-все " * 20,
        "日本語" * 60,
        "x" * 500,
        "=?utf-8?q?no?=",
        "🎉 Готово",
    ],
)
def test_a_subject_comes_out_as_it_went_in(subject):
    built = mail(content={"subject": subject})
    assert read(built)["Subject"].strip() == subject.strip()
    assert all(len(line) <= 998 for line in built.data.split(b"\r\n"))
    assert built.data.isascii()


@pytest.mark.parametrize("text", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x85b"])
@pytest.mark.parametrize(
    "where",
    [
        lambda t: {"content": {"subject": t}},
        lambda t: {"sender_name": t},
        lambda t: {"headers": {"X-A": t}},
        lambda t: {"headers": {t: "x"}},
        lambda t: {"tags": (t,)},
        lambda t: {"recipient": f"{t}@example.com"},
        lambda t: {"sender": f"a@{t}.example"},
        lambda t: {"reply_to": t},
        lambda t: {"unsubscribe_url": f"https://x.example/{t}"},
    ],
    ids=[
        "subject",
        "sender's name",
        "value",
        "name",
        "tag",
        "recipient",
        "sender",
        "reply to",
        "unsubscribe",
    ],
)
def test_nothing_can_add_a_header(text, where):
    with pytest.raises(Unwritable):
        mail(**where(text))


@pytest.mark.parametrize("name", ["From", "bcc", "Content-Type", "List-Unsubscribe", "Received", "a b", "X:"])
def test_headers_that_are_ours_cannot_be_set(name):
    with pytest.raises(Unwritable):
        mail(headers={name: "x"})


@pytest.mark.parametrize(
    "recipient",
    ["", "ann", "ann@", "@example.com", "a b@example.com", "<ann@example.com>", "ann@example.com,bob@example.com",
     '"a"@example.com', "ann@exa mple.com", "a@b@c", "a" * 65 + "@example.com", "ann@-\u200b.com"],
)  # fmt: skip
def test_what_is_no_address_is_the_recipients_fault(recipient):
    with pytest.raises(Unwritable) as refused:
        mail(recipient=recipient)
    assert refused.value.address


def test_bodies_pass_any_server_and_come_out_as_they_went_in():
    """Letters beyond ASCII, a line of 100 KB, dots at the beginning of lines, lone line breaks."""
    html = "<p>Ґудзик</p>\n.\n..b\n" + "long " * 20_000 + "<p>end</p>"
    text = ".\nПривіт\r\n.x\ryes\n" + "y" * 5_000 + "\n"
    built = mail(content={"html": html, "text": text})
    assert built.data.isascii()
    assert all(len(line) <= 78 for line in built.data.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))
    assert b"\n" not in built.data.replace(b"\r\n", b"")
    plain_part, html_part = read(built).iter_parts()
    assert plain_part.get_content().splitlines() == text.splitlines()
    assert html_part.get_content().splitlines() == html.splitlines()
    assert [part.get_content_type() for part in (plain_part, html_part)] == ["text/plain", "text/html"]


def test_css_is_inlined_media_rules_stay_and_nothing_is_loaded(tmp_path):
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: green }")
    html = (
        f'<html><head><link rel="stylesheet" href="file://{secret}"><link rel="stylesheet" href="{secret}">'
        "<style>p { color: red } @media (max-width: 600px) { p { color: blue } }</style></head>"
        "<body><p>Hello</p></body></html>"
    )
    done = inlined(html)
    assert '<p style="color: red;">' in done
    assert "@media" in done
    assert "green" not in done


def test_a_text_part_is_made_where_there_is_none():
    found = plain(
        "<html><head><title>No</title><style>p{}</style></head><body><div style='display: none'>pre</div>"
        "<h1>Thanks,&nbsp;Ann</h1><p>Your   order:</p><ul><li>Tea</li><li>Cup &amp; saucer</li></ul>"
        "<table><tr><td>Sum</td><td>5 €</td></tr></table><p><a href='https://shop.example/o/1'>See it</a><br>Bye"
        "<img src=x alt='Logo'></p><script>alert(1)</script></body></html>"
    )
    assert found == (
        "Thanks, Ann\n\nYour order:\n\n- Tea\n- Cup & saucer\n\nSum 5 €\n\nSee it (https://shop.example/o/1)\nByeLogo\n"
    )


@pytest.mark.parametrize(
    "html", ["", "<", "<p", "</p></p>", "<a href=x>", "<style>", "<![CDATA[x", "<!--", "&#0;&#xD800;"]
)
def test_broken_html_is_text_all_the_same(html):
    assert plain(html).endswith("\n")
    mail(content={"html": html})


def test_what_looks_like_a_tag_and_is_none_stays():
    found = plain(
        "<p title=don't>1 < 2 &copy <img alt='a>b'><!--[if mso]><p>no</p><![endif]--></p><script>'<p>'"
    )
    assert found == "1 < 2 © a>b\n"


@pytest.mark.parametrize(
    "piece", ["<a ", '<a "', '<a b="', "<a b='\"", "<!--", "<", "</", "<style>", "<img a = "]
)
def test_text_is_made_in_a_time_that_grows_with_the_html_alone(piece):
    """An expression that goes back from each piece to the end would take minutes."""
    began = time.process_time()
    plain(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 5


def test_a_preheader_is_hidden_and_first():
    found = mail(
        content={"html": "<html><body class=x><p>Hello</p></body></html>", "preheader": "50 % <off>"}
    )
    html = list(read(found).iter_parts())[1].get_content()
    assert html.index("50 % &lt;off&gt;") < html.index("Hello")
    assert "50 %" not in next(iter(read(found).iter_parts())).get_content()


def test_bounces_come_back_to_the_send():
    message = outgoing(return_tag=TAG)
    config = configs.Smtp(host="x.example", sender="a@x.example", bounce_address="bounces@b.x.example")
    built = build(message, config)
    assert built.return_path == f"bounces+{TAG}@b.x.example"
    assert tag_of(built.return_path.upper()) == TAG
    assert tag_of("bounces@b.x.example") is None
    assert mail().return_path == "shop@shop.example"


def test_a_text_without_html_stands_alone():
    """Readers prefer HTML: beside an empty one nobody would see the text."""
    built = read(mail(content={"subject": "Hi", "html": "", "text": "Hello\nAnn"}))
    assert built.get_content_type() == "text/plain"
    assert built.get_content().splitlines() == ["Hello", "Ann"]
