"""MJML that becomes HTML: Velocity stays, faults name line and element, nothing crashes or reads a file."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mjml import mjml2html

from clarion.messaging import holes, mjml, rendering
from clarion.messaging.port import Email
from clarion.messaging.rendering import Reading, Unwritable

BODY = "<mjml><mj-body>\n<mj-section><mj-column>\n{}\n</mj-column></mj-section>\n</mj-body></mjml>"
PIECES = [
    "$!item.name", '$!data.get("link")', "$!{esc.h('a b')}", "#if($a < 3 && $b > 2)", "#{else}", "#end",
    "#foreach($item in $data.get('items'))", "#set($x = \"a ) > b\")", "#[[ <raw> ]]#", "$a.b[0].c('}')",
]  # fmt: skip


def of(text: str) -> str:
    return mjml.compile(BODY.format(text))


@pytest.mark.parametrize("piece", PIECES)
def test_velocity_survives_in_texts_and_attributes(piece):
    assert piece in of(f"<mj-text>before {piece} after</mj-text>")
    assert f'href="{piece}&a=1"' in of(f'<mj-button href="{piece}&a=1">Go</mj-button>')
    assert piece in of(f"<mj-raw>{piece}</mj-raw><mj-text>x</mj-text>")


def test_a_template_renders_after_it_was_compiled():
    source = of(
        "## greets\n<mj-text>Hi $!profile.first_name</mj-text>\n#foreach($i in $items)\n"
        '<mj-button href="$!i.link">$!i.name #if($i.price < 3)cheap#end</mj-button>\n#end'
    )
    items = [
        {"name": "Tea & co", "link": "https://a.example/?a=1&b=2", "price": 2},
        {"name": "Cup", "price": 5},
    ]
    reading = Reading(data={"items": items}, profile={"first_name": "<Ann>"})
    email = Email(subject="s", html=source)
    rendering.check({"": email})
    html = rendering.render(email, reading, now=None, zone=None).html
    assert "Hi &lt;Ann&gt;" in html
    assert "Tea &amp; co cheap" in html
    assert "Cup </a>" in html
    assert "greets" not in html and "#" + "end" not in html


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<mj-textt>x</mj-textt>", "line 3: <mj-textt> is no element of MJML"),
        ("\n<mj-text>x</mj-column>", "line 4: </mj-column> comes before <mj-text> of line 4 is closed"),
        ("<mj-text>a < b</mj-text>", "line 3: in <mj-text> a < that begins no tag"),
        ("<mj-include path='/etc/passwd'/>", "line 3: <mj-include>: no file is read"),
        (
            "#set(\n$x = 1\n)<mj-text>x</b></mj-text>",
            "line 5: </b> comes before <mj-text> of line 5 is closed",
        ),
        ('\n<mj-image width="$!w" src="x"/>', "line 4: $!w stands where MJML writes nothing"),
        ("<mj-divider>\nx</mj-divider>", "line 4: after <mj-divider>: unexpected token"),
        ("<mj-text><!-- a -- b --></mj-text>", "line 3: in <mj-text> a comment with --"),
        ("<mj-text>\0</mj-text>", "line 3: in <mj-text> the character U+0000"),
        ("<mj-text>x</br></mj-text>", "line 3: </br>: <br> has no end"),
        ("<mj-text>" + "<b>" * 100 + "</mj-text>", "line 3: <b> is nested more than 100 deep"),
    ],
)
def test_a_fault_names_line_and_element(text, message):
    with pytest.raises(Unwritable) as told:
        of(text)
    assert str(told.value).startswith(message)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "line 1: MJML begins with <mjml>"),
        ("<p>x</p>", "line 1: <p>: MJML begins with <mjml>"),
        ("<mjml>\n<mj-body>", "line 2: <mj-body> is never closed"),
        ("<mjml></mjml>\nx", "line 1: something stands after </mjml>"),
        ("</mjml>", "line 1: </mjml> closes nothing"),
        ("x" * 1_000_001, "MJML may have 1,000,000 characters"),
    ],
)
def test_what_is_no_document_says_so(source, message):
    with pytest.raises(Unwritable) as told:
        mjml.compile(source)
    assert str(told.value) == message


def test_no_font_is_loaded_that_the_template_does_not_name():
    assert "googleapis" not in of("<mj-text font-family='Ubuntu'>x</mj-text>")


_BOMB = "from mjml import mjml2html; mjml2html('<mjml><mj-body><mj-raw>' + '<{0}>' * 100_000)"


def test_the_compiler_crashes_on_deep_nesting_and_is_never_handed_it():
    """The control: without the check of depth the process would die."""
    crashed = subprocess.run([sys.executable, "-c", _BOMB.format("div")], capture_output=True, check=False)
    assert crashed.returncode < 0
    with pytest.raises(Unwritable):
        of("<mj-raw>" + "<div>" * 100_000 + "</mj-raw>")


@pytest.mark.parametrize("name", sorted(mjml._VOID))
def test_what_has_no_end_does_not_nest_in_the_compiler_either(name):
    done = subprocess.run([sys.executable, "-c", _BOMB.format(name)], capture_output=True, check=False)
    assert done.returncode == 1, "a ValueError: what was opened is not closed"


def test_a_bracket_behind_a_letter_beyond_ascii_does_not_panic():
    """mrml's parser does, where it is handed it."""
    with pytest.raises(BaseException, match="char boundary"):
        mjml2html("<mjml><mj-body><mj-raw>éa></mj-raw></mj-body></mjml>")
    text = "Ціна > 5 é>é->$x>"
    assert text in of(f"<mj-text>{text}</mj-text>")
    assert "a > b{}" in mjml.compile("<mjml><mj-head><mj-style>a > b{}</mj-style></mj-head><mj-body/></mjml>")


@given(st.text(alphabet="$#!{}()[]<>/\\\"'. \nabmj-x0=&;*é", max_size=200))
def test_any_text_compiles_or_says_why(text):
    said = ""
    try:
        of(f"<mj-text>{text}</mj-text>")
    except Unwritable as exc:
        said = str(exc)
    assert said != "MJML cannot be read", "a panic that nobody has put aside"


@given(
    st.lists(st.sampled_from([*PIECES, "\n", " text ", "\\$x", "$5", "#fff", "## gone\n", "#* gone\n *#"]))
)
def test_what_is_put_aside_comes_back_and_lines_stay(parts):
    source = "".join(parts)
    aside = holes.put_aside(source + "\nEND")
    assert (
        aside.line_of(aside.text.index("END")) == source.count("\n") + 2
        or "##" in parts
        or "END" not in aside.text
    )
    kept = "".join(part for part in parts if "gone" not in part)
    if len(kept) == len(source):
        assert aside.put_back(aside.text) == source + "\nEND"
