"""Templates become messages, in the reader's language; failed attempts wait; a report lifts a send."""

from datetime import UTC, datetime

import pytest

from clarion.messaging import rendering, trials
from clarion.messaging.port import Email, Text
from clarion.messaging.rendering import Reading, Unwritable
from clarion.messaging.sends import State, lifted
from clarion.messaging.trials import Breaker

NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


def written(content, **reading):
    return rendering.render(content, Reading(**reading), now=NOW, zone=UTC)


def test_a_mail_reads_the_data_the_person_the_event_and_the_order():
    mail = Email(
        subject="$profile.first_name: $!data.get('discount')",
        html="<b>$event.city</b>#foreach($i in $order.items) $i.name#end",
        preheader="$discount",
        text="$!data.none$profile.first_name",
    )
    assert written(
        mail,
        data={"discount": "5 %"},
        profile={"first_name": "Ann"},
        event={"city": "Kyiv & Lviv"},
        order={"items": [{"name": "<Tea>"}]},
    ) == Email(subject="Ann: 5 %", html="<b>Kyiv &amp; Lviv</b> &lt;Tea&gt;", preheader="5 %", text="Ann")


def test_a_subject_takes_no_line_of_its_own():
    with pytest.raises(Unwritable):
        written(Email(subject="$data.x", html=""), data={"x": "a\r\nBcc: b@example.com"})


def test_a_template_that_cannot_be_read_is_said_where():
    with pytest.raises(Unwritable, match=r"subject \(uk\): line 1"):
        rendering.check({"": Text(text="fine"), "uk": Email(subject="#if($x)", html="")})


@pytest.mark.parametrize(
    ("language", "found"),
    [("uk-UA", "uk"), ("pt_BR", "pt-br"), ("de", "all"), (None, "all"), ("UK", "uk"), ("pt-PT", "all")],
)
def test_a_language_falls_back(language, found):
    texts = {"": Text(text="all"), "uk": Text(text="uk"), "pt-BR": Text(text="pt-br")}
    assert rendering.in_language(texts, language) == Text(text=found)


def test_without_a_text_for_everybody_the_first_one_is_taken():
    assert rendering.in_language({"uk": Text(text="uk")}, "de") == Text(text="uk")


def test_attempts_wait_longer_each_time_and_end():
    waits = [trials.wait_s(n, None, drawn=1.0) for n in range(1, 9)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, None]
    assert trials.wait_s(1, None, drawn=0.0) == 0
    assert trials.wait_s(1, 900, drawn=0.5) == 900


def test_a_breaker_opens_after_failures_in_a_row_and_one_answer_closes_it():
    breaker = Breaker()
    for _ in range(trials.BREAKS_AFTER - 1):
        breaker = breaker.failed(100.0)
    assert breaker.lets_pass(100.0)
    breaker = breaker.failed(100.0)
    assert not breaker.lets_pass(104.9) and breaker.lets_pass(105.0)
    assert not breaker.failed(105.0).lets_pass(114.9)
    assert breaker.took().failed(105.0).lets_pass(105.0)


def test_what_the_provider_asked_for_opens_it_at_once():
    assert not Breaker().failed(100.0, 30).lets_pass(129.0)


def test_reports_move_a_send_up_only():
    assert lifted(State.UNKNOWN, State.ACCEPTED)
    assert lifted(State.ACCEPTED, State.DELIVERED) and lifted(State.DELIVERED, State.COMPLAINED)
    assert not lifted(State.DELIVERED, State.ACCEPTED) and not lifted(State.COMPLAINED, State.DELIVERED)
    assert not lifted(State.SUPPRESSED, State.DELIVERED) and not lifted(State.BOUNCED, State.DELIVERED)
    assert lifted(State.DELIVERED, State.BOUNCED) and lifted(State.BOUNCED, State.COMPLAINED)
