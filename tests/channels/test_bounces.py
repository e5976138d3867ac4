"""Mails that come back: what they say of the send, and by which of our own signs they name it."""

import time

import pytest

from clarion.channels.email import bounces
from clarion.messaging.port import Unreadable

TAG = "abcdefgh" * 5
TOKEN = "A" * 83
VERP = f"bounces+{TAG}@b.shop.example"
OURS = f"""Return-Path: <{VERP}>
From: shop@shop.example
To: ann@example.com
Message-ID: <0190aaaabbbbccccddddeeeeffff0000@shop.example>
List-Unsubscribe: <https://mail.shop.example/p/unsubscribe/{TOKEN}>
Subject: News

Hello
"""


def dsn(action="failed", status="5.1.1", said="smtp; 550 5.1.1 no such user", *, to=VERP, original=""):
    """As Postfix writes them."""
    original = f"--b\nContent-Type: message/rfc822\n\n{original}\n" if original else ""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Auto-Submitted: auto-replied
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

This is the mail system.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Sat, 21 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; ann@example.com
Action: {action}
Status: {status}
Diagnostic-Code: {said}

{original}--b--
""".encode()


def arf(kind="abuse", to="fbl@shop.example"):
    """As mailbox providers write their feedback loops' reports."""
    return f"""From: <feedback@mx.example.com>
To: <{to}>
Subject: FW: News
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1

--b
Content-Type: message/rfc822

{OURS}
--b--
""".encode()


@pytest.mark.parametrize(
    ("status", "said", "hard"),
    [
        ("5.1.1", "smtp; 550 5.1.1 no such user", True),
        ("5.1.2", "smtp; 550 bad domain", True),
        ("5.4.4", "dns; Host not found", True),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", False),
        ("5.2.1", "smtp; 550 5.2.1 disabled", False),
        ("5.7.1", "smtp; 550 5.7.1 this is spam", False),
        ("5.7.1", "smtp; 550 5.7.1 user unknown to our policy", False),
        ("5.1.8", "smtp; 550 5.1.8 bad sender", False),
        ("4.4.7", "smtp; delivery time expired", False),
        ("4.2.2", "smtp; 452 4.2.2 over quota, user unknown", False),
        ("5.0.0", "smtp; 550 5.1.1 <ann@example.com>: Recipient address rejected", True),
        ("5.0.0", "smtp; 550 User unknown", True),
        ("5.5.0", "smtp; 550 Requested action not taken: mailbox unavailable", True),
        ("5.0.0", "smtp; 550 no", False),
        ("", "", False),
    ],
)
def test_a_failed_delivery_is_a_bounce_and_hard_only_where_there_is_no_such_address(status, said, hard):
    found = bounces.read(dsn(status=status, said=said))
    assert (found.state, found.hard, found.tags) == ("bounced", hard, (TAG,))


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("delivered", "delivered"),
        ("relayed", "accepted"),
        ("expanded", "accepted"),
        ("delayed", None),
        ("Failed", "bounced"),
    ],
)
def test_other_actions_are_what_they_say(action, state):
    assert bounces.read(dsn(action, "2.0.0" if state else "4.4.1", "")).state == state


def test_of_several_recipients_the_worst_counts():
    mail = dsn("delivered", "2.1.5", "").replace(
        b"\n--b--", b"\nFinal-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1\n\n--b--"
    )
    assert (bounces.read(mail).state, bounces.read(mail).hard) == ("bounced", True)


def test_the_address_that_it_came_to_is_read_wherever_it_stands():
    plain = dsn(to="postmaster@shop.example")
    assert bounces.read(plain).tags == ()
    assert bounces.read(plain, VERP.upper()).tags == (TAG,)
    for header in ("Delivered-To", "X-Original-To", "Envelope-To"):
        assert bounces.read(f"{header}: <{VERP}>\n".encode() + plain).tags == (TAG,)
    assert bounces.read(dsn(to="postmaster@shop.example", original=OURS)).tags == (TAG,)


@pytest.mark.parametrize("kind", ["abuse", "fraud", "other", "Abuse"])
def test_a_feedback_report_is_a_complaint_about_the_mail_that_came_along(kind):
    found = bounces.read(arf(kind))
    assert (found.state, found.hard, found.tags, found.tokens) == ("complained", False, (TAG,), (TOKEN,))


def test_not_spam_is_no_complaint():
    assert bounces.read(arf("not-spam")).state is None


def test_the_original_as_headers_alone_names_the_send_as_well():
    mail = arf().replace(b"message/rfc822", b"text/rfc822-headers")
    assert (bounces.read(mail).tags, bounces.read(mail).tokens) == ((TAG,), (TOKEN,))


def test_a_bounce_in_words_is_one_and_a_holiday_reply_is_none():
    head = f"To: {VERP}\nSubject: failure notice\n".encode()
    words = (
        b"\nHi. This is the qmail-send program.\n<ann@example.com>:\nNo mailbox here by that name. (#5.1.1)\n"
    )
    found = bounces.read(b"From: MAILER-DAEMON@mx.example.com\n" + head + words)
    assert (found.state, found.hard, found.reason) == ("bounced", True, "5.1.1")
    vague = bounces.read(b"From: postmaster@mx.example.com\n" + head + b"\nIt did not work.\n")
    assert (vague.state, vague.hard) == ("bounced", False)
    reply = bounces.read(
        b"From: ann@example.com\nAuto-Submitted: auto-replied\n" + head + b"\nOn holiday, user unknown\n"
    )
    assert (reply.state, reply.tags) == (None, (TAG,))


def test_a_message_id_alone_names_nothing():
    """Anybody can write one: only what we signed counts."""
    original = "\n".join(line for line in OURS.splitlines() if not line.startswith(("Return-Path", "List-")))
    found = bounces.read(dsn(to="postmaster@shop.example", original=original))
    assert (found.tags, found.tokens) == ((), ())


def test_what_is_no_mail_says_so():
    for nonsense in (b"", b"\x00\xff" * 100, b"just words"):
        with pytest.raises(Unreadable):
            bounces.read(nonsense)
    with pytest.raises(Unreadable, match="bytes"):
        bounces.read(b"To: a@b.example\n\n" + b"x" * bounces.MAIL_BYTES_MAX)


@pytest.mark.parametrize("position", range(0, 1400, 37))
def test_a_mail_that_was_cut_off_anywhere_never_crashes(position):
    for whole in (dsn(original=OURS), arf()):
        try:
            bounces.read(whole[:position] + b"\xff\x00" + whole[position + 2 :])
            bounces.read(whole[:position])
        except Unreadable:
            pass


def _nested(levels: int) -> bytes:
    parts = [
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(levels)
    ]
    return b"".join(parts) + b"\r\nhi"


@pytest.mark.parametrize(
    "mail", [b"To: " + b"(" * 4_000 + b"\r\n\r\nhi", _nested(2_000)], ids=["comments", "parts"]
)
def test_a_mail_nested_without_end_cannot_be_read(mail: bytes) -> None:
    """Anybody may write to a return path. Seen to end in a RecursionError."""
    with pytest.raises(Unreadable, match="nested too deeply"):
        bounces.read(mail)


def test_a_header_of_megabytes_costs_little() -> None:
    """Six seconds for one mail while it was read whole."""
    begun = time.process_time()
    assert bounces.read(b"To: " + b"<" * 5_000_000 + b"\r\n\r\nhi").state is None
    assert time.process_time() - begun < 2
