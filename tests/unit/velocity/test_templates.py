"""What users write: the vendor's documented examples, and what Clarion adds to Velocity."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from clarion import velocity

ITEMS = [{"name": "Tea", "price": 10}, {"name": "Cake", "price": 2.5}]
NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def render(source, context=None, **options):
    return velocity.compile(source).render(context or {}, now=NOW, **options)


# ---- the vendor's page "How to Use Dynamic Content in Emails"


def test_params_of_an_event():
    data = {"discount": "5%", "link": "https://example.site.com/items_for_sale"}
    assert render("$!data.get('discount') $!data.get('link')", {"data": data}) == (
        "5% https://example.site.com/items_for_sale"
    )


def test_a_missing_param_is_nothing_when_quiet_and_its_source_when_loud():
    assert render("[$!data.get('nope')] [$data.get('nope')]", {"data": {}}) == "[] [$data.get('nope')]"


@pytest.mark.parametrize(("value", "shown"), [("0", "zero"), ("1", ""), (None, "")])
def test_a_condition_with_equals(value, shown):
    assert render("#if($data.get('f').equals('0'))zero#end", {"data": {"f": value}}) == shown


def test_a_loop_through_an_array_ends_with_a_blank_end_as_the_page_has_it():
    source = "#foreach($item in $data.get('items'))$item.get('name'): $item.get('price'); # end."
    assert render(source, {"data": {"items": ITEMS}}) == "Tea: 10; Cake: 2.5; ."
    assert velocity.compile(source).warnings == [
        (1, 77, "`# end` is read as #end; write it without the blank")
    ]


def test_a_blank_end_is_text_where_nothing_could_end():
    assert render("# end of story") == "# end of story"


def test_arithmetic_with_fields():
    data = {"price": 10, "rate": 4.0, "zero": 0}
    source = "#set($a = $data.get('price') / 4)$a #set($b = $data.get('price') / $data.get('rate'))$b"
    assert render(source, {"data": data}) == "2 2.5"
    assert render("#set($c = 7 / $data.get('zero'))$c", {"data": data}) == "$c"


def test_the_counters_of_velocity_1_7():
    source = "#foreach($i in ['a', 'b'])$velocityCount:$i#if($velocityHasNext), #end#end [$velocityCount]"
    assert render(source) == "1:a, 2:b [$velocityCount]"


def test_an_index_beyond_the_array_is_an_error_at_sending():
    with pytest.raises(velocity.Failed, match=r"line 2, column 6: index 3 is out of bounds for length 1"):
        render("a\n$list.get(3)", {"list": [1]})


def test_a_key_named_like_a_method_is_the_key():
    assert render("$item.size $item.values", {"item": {"size": "XL"}}) == "XL [XL]"


# ---- what visual editors make


def test_entities_within_a_directive_are_characters():
    source = "#if($a &gt; 1 &amp;&amp; $b == &quot;x&amp;y&quot;&nbsp;|| $c &lt;= 2)yes#{else}no#end"
    assert render(source, {"a": 2, "b": "x&y"}) == "yes"
    assert render(source, {"a": 0, "c": 2}) == "yes"
    assert render(source, {"a": 0, "c": 3}) == "no"
    assert render("$data.get(&#39;a&#39;) &gt; &amp;", {"data": {"a": 1}}) == "1 &gt; &amp;"


def test_directives_in_html_comments_leave_no_comment():
    source = "<ul>\n<!-- #foreach($i in $l) -->\n<li>$i</li>\n<!--#end-->\n</ul>"
    source += "<!--#if($l)-->x<!-- #else -->y<!-- #end -->"
    assert render(source, {"l": [1, 2]}) == "<ul>\n<li>1</li>\n<li>2</li>\n</ul>x"


@pytest.mark.parametrize(("a", "shown"), [(1, "one"), (2, "two"), (3, "more")])
def test_every_branch_may_stand_in_a_comment(a, shown):
    source = "<!-- #if($a == 1) -->one<!-- #elseif($a == 2) -->two<!-- #{else} -->more<!-- #end -->"
    assert render(source, {"a": a}) == shown


def test_other_comments_stay():
    source = "<!--[if mso]>$a<![endif]--><!-- note -->#if($a)<!-- in -->#end"
    assert render(source, {"a": 1}) == "<!--[if mso]>1<![endif]--><!-- note --><!-- in -->"


# ---- escaping


def test_escaping_is_a_switch():
    context = {"name": "<b>\"Tom\" & 'Ann'</b>", "l": ["<"]}
    assert render("<i>$name</i>", context) == "<i><b>\"Tom\" & 'Ann'</b></i>"
    escaped = "&lt;b&gt;&quot;Tom&quot; &amp; &#x27;Ann&#x27;&lt;/b&gt;"
    assert render("<i>$name</i> $l", context, escape=True) == f"<i>{escaped}</i> [&lt;]"


def test_what_esc_gave_is_not_escaped_again():
    context = {"a": "<&>", "html": "<b>x</b>", "q": "a b&c", "s": "it's </script>"}
    assert render("$esc.html($a) $esc.none($html)", context, escape=True) == "&lt;&amp;&gt; <b>x</b>"
    assert render("$esc.url($q)", context, escape=True) == "a+b%26c"
    assert render("$esc.javascript($s)", context) == r"it\'s \u003C\/script\u003E"


@pytest.mark.parametrize("name", ["esc", "dateTool", "mathTool"])
def test_data_cannot_hide_a_tool(name):
    assert render("$esc.html('<') $mathTool.add(1, 2)", {name: "mine"}) == "&lt; 3"


# ---- dates: the vendor's tool, by what it documents


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("currentDate()", "2026-11-21"),
        ("currentDate('dd.MM.yy HH:mm')", "21.11.26 22:30"),
        ("currentDate('HH:mm', 'Europe/Kyiv')", "00:30"),
        ("currentTimeStamp()", "1795300200000"),
        ("formatDate('yyyy-MM-dd HH:mm:ss', 1795300200000)", "2026-11-21 22:30:00"),
        ("formatDate(\"EEEE, d MMMM yyyy 'at' h a\", 0)", "Thursday, 1 January 1970 at 12 AM"),
        ("formatInContactTimezone('HH:mm', '2026-11-21T12:00:00+02:00')", "10:00"),
        ("formatInContactTimezone('yyyy-MM-dd', 1795300200)", "2026-11-21"),
        ("formatInContactTimezone('yyyy-MM-dd', '1795300200000')", "2026-11-21"),
        ("addYears('2024-02-29', 1)", "2025-02-28"),
        ("addMonths('31.01.2026', 1, 'dd.MM.yyyy')", "28.02.2026"),
        ("addDays('2026-12-31', 1)", "2027-01-01"),
        ("addHours('2026-01-01 23:30', 1, 'yyyy-MM-dd HH:mm', 'd MMM, HH:mm')", "2 Jan, 00:30"),
        ("addMinutes('10:59', -60, 'HH:mm', 'HH:mm')", "09:59"),
        ("diff('2026-01-01', '2026-03-01', 'DAYS')", "59"),
        ("diff('01.03.2026', '01.01.2026', 'dd.MM.yyyy', 'MONTHS')", "-2"),
        ("diff('2026-01-01 10:00', '2026-01-01 12:59', 'yyyy-MM-dd HH:mm', 'HOURS')", "2"),
    ],
)
def test_dates(call, shown):
    assert render(f"$dateTool.{call}") == shown


def test_dates_are_the_contacts():
    zone = ZoneInfo("Asia/Tokyo")
    source = "$dateTool.currentDate('dd HH') $dateTool.formatInContactTimezone('HH z', 0)"
    assert render(source, zone=zone) == "22 07 09 JST"


@pytest.mark.parametrize(
    "call", ["addDays('x', 1)", "formatDate('QQ', 0)", "diff('2026-01-01', '2026-01-02', 'EONS')"]
)
def test_a_date_that_is_none_is_said_to_be_none(call):
    with pytest.raises(velocity.Failed, match=r"line 1, column 10: .*"):
        render(f"$dateTool.{call}")


def test_json():
    assert render("#set($x = $jsonTool.parse('{\"a\": [1, 2.5]}'))$x.a $x.a[1] $jsonTool.toJson($x)") == (
        '[1, 2.5] 2.5 {"a": [1, 2.5]}'
    )


# ---- errors


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a\n  #if($x)b", "line 2, column 10: #if is never closed: expected #end, found 'b'"),
        ("#if($x", "line 1, column 7: expected ')' to close #if, found the end of the template"),
        ("#end", "line 1, column 1: #end without a directive that it could belong to"),
        ("#set($x = 3-1)", "line 1, column 12: a minus that takes away needs a blank behind it (3 - 1)"),
        ("#set($x 1)", "line 1, column 9: expected '=' behind the reference in #set, found '1)'"),
        ("${name ", "line 1, column 7: expected '}' to close the reference ${name"),
        ("#foreach($i $l)x#end", "line 1, column 13: expected `in`: #foreach($item in $items)"),
        ("$a[", "line 1, column 4: expected a value"),
        ("#set($x = 'a)", "line 1, column 11: a string without its closing quote"),
        ('#set($x = "a $b[x] c")', "line 1, column 17: expected a value"),
    ],
)
def test_an_error_says_where_and_what_was_expected(source, message):
    with pytest.raises(velocity.Malformed) as caught:
        velocity.compile(source)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["parse", "include", "evaluate"])
def test_directives_that_are_not_run_are_refused_when_saved(name):
    with pytest.raises(velocity.Refused, match=rf"line 2, column 2: #{name} is not run here"):
        velocity.compile(f"a\n #{name}('x')")
    assert velocity.render(f"\\#{name}('x')", {}) == f"#{name}('x')"


def test_values_of_other_types_cannot_be_used():
    with pytest.raises(velocity.Failed, match="a value of the type datetime cannot be used"):
        velocity.render("$now", {"now": NOW})
    assert velocity.render("$d #set($x = $d + 1)$x", {"d": Decimal("1.50")}) == "1.50 2.50"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_header_refuses_line_ends(end):
    subject = velocity.compile("Hi $name")
    assert subject.render({"name": "Ann"}, header=True) == "Hi Ann"
    with pytest.raises(velocity.Failed, match="a header cannot hold a line's end"):
        subject.render({"name": f"Ann{end}Bcc: eve@example.com"}, header=True)


def test_a_template_is_compiled_once_and_rendered_often():
    template = velocity.compile("#macro(hi $n)Hi $n!#end#set($x = $n)#hi($x)#stop never")
    assert [template.render({"n": name}) for name in ("Ann", "Bob")] == ["Hi Ann!", "Hi Bob!"]


# ---- lint


def test_lint_lists_what_is_read_and_what_was_never_seen():
    found = velocity.lint(
        "#set($own = 1)$data.get('a') $data.b $data['c'] $own $EmailAddress $esc.html($data.a)",
        known=["a", "b"],
    )
    assert (list(found.reads), list(found.names)) == (["a", "b", "c"], ["EmailAddress"])
    assert [(finding.column, finding.message) for finding in found.findings] == [
        (38, "c has never been seen in the event's data")
    ]
    assert found.ok


def test_lint_names_methods_that_nothing_has():
    (finding,) = velocity.lint("$s.trim() $s.shout()").findings
    assert (finding.column, finding.message) == (13, "nothing here has a method .shout() with 0 arguments")


def test_lint_says_for_which_events_it_would_break():
    found = velocity.lint(
        "$data.get('l').get(1)", examples=[{"data": {"l": [1, 2]}}, {"data": {"l": []}}, {}]
    )
    assert {number: finding.column for number, finding in found.breaks.items()} == {1: 15}
    assert not found.ok


def test_lint_of_what_is_no_template_is_its_error():
    (finding,) = velocity.lint("#if($a").findings
    assert finding.error
    assert (finding.line, finding.column) == (1, 7)
