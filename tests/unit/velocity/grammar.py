# ruff: noqa: E501 (lists of samples read better in one line)
"""A generator of templates, by the language's grammar: every directive, operator, method and tool.

It keeps out of what docs/reference/velocity.md lists as different. `CONTEXTS` is the data that they are rendered with.
"""

from hypothesis import strategies as st

CONTEXTS = (
    {
        "s": "Hello World",
        "e": "",
        "num": "12",
        "dec": "7.50",
        "i": 7,
        "j": -3,
        "z": 0,
        "d": 2.5,
        "big": 3000000000,
        "t": True,
        "f": False,
        "n": None,
        "l": [1, 2, 3],
        "names": ["Ann", "Bob", "ann"],
        "mixed": [1, "a", 2.5, True, None, [4]],
        "el": [],
        "m": {"a": 1, "b": "x", "c": None},
        "em": {},
        "items": [
            {"name": "Tea", "price": 10, "tags": ["hot", "new"]},
            {"name": "Cake & pie", "price": 2.5, "tags": []},
        ],
        "data": {"discount": "5%", "link": "https://example.com/?a=1&b=2", "field": "0", "total": 99.9},
    },
    {
        "s": "a,b;c  d",
        "e": " ",
        "num": "-0.5",
        "dec": "abc",
        "i": 2147483647,
        "j": -8,
        "z": 1,
        "d": -0.001,
        "big": 9223372036854775807,
        "t": False,
        "f": True,
        "l": [3, 3, -1, 0],
        "names": ["Zoë", "Łukasz", ""],
        "mixed": [{"k": [1, {"q": 2}]}, "", 0, False],
        "el": [None],
        "m": {"b": [1, 2], "a": {"b": {"c": "deep"}}},
        "em": {"only": 1.0},
        "items": [],
        "data": {"field": "1", "items": [{"name": "Pen", "price": 1}], "discount": None},
    },
)

_VARIABLES = st.sampled_from("s e num dec i j z d big t f n l names mixed el m em items x y nope".split())
_STRINGS = "s e num dec".split()
_LISTS = "l names mixed el items".split()


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


_WORDS = st.sampled_from(
    ["", "a", "o", "l", "Hello", "WORLD", "x y", "0", "5", "7.5", "it's", "b,c", "ö", "[a]", "-1"]
)
_INTEGERS = st.sampled_from("0 1 2 3 5 7 10 42 -1 -7 100 2147483647 2147483648 9223372036854775807".split())
_FLOATS = st.sampled_from("0.0 1.0 2.5 -0.5 .5 3.14159 1e3 1.5e-7 100000000.0 12345678.9 0.1 1e10 5.".split())
_PLAIN = st.sampled_from(
    ["text", " ", "\n", "  \n", "a b", "<td>", "</td>\n", "$5", "#1", "50% off", "a.b", "#FFF", "x$ y", "{ }",
     "\t", "\n\n", "&amp;", "\\n", "[0]", "it's", '"q"', "|"]
)  # fmt: skip


@st.composite
def strings(draw, depth=1):
    """A string literal; in double quotes with references in it."""
    word = draw(_WORDS)
    if draw(st.integers(0, 3)):
        return _quoted(word)
    if depth <= 0 or draw(st.booleans()):
        return '"' + word + '"'
    return '"' + word + " " + draw(simple_references()) + draw(st.sampled_from([" ", "!", "-"])) + '"'


@st.composite
def simple_references(draw):
    name = draw(_VARIABLES)
    return draw(st.sampled_from(["$%s", "$!%s", "${%s}", "$!{%s}"])) % name


def text_calls(depth):
    """What can be asked of a string."""
    word, number = strings(depth), st.sampled_from("0 1 2 3 $z '1' 1.5".split())
    return st.one_of(
        st.sampled_from(
            ".length() .toUpperCase() .toLowerCase() .trim() .isEmpty() .toString() .strip() .isBlank() .empty .nope "
            ".nope() .length(1) .trim .blank".split()
        ),
        st.builds(".substring({})".format, number),
        st.builds(".substring({}, {})".format, number, number),
        st.builds(".charAt({})".format, number),
        st.builds(".replace({}, {})".format, word, word),
        st.builds(".replaceAll({}, {})".format, st.sampled_from(["'l'", "'[aeiou]'", "'l+'", "'(o)'", "'\\s'", "'^.'", "'x*'", "','"]), st.sampled_from(["'-'", "'<$0>'", "''", "'$1'"])),
        st.builds(".replaceFirst({}, '_')".format, st.sampled_from(["'l'", "'[a-z]'", "'o'"])),
        st.builds(".split({})".format, st.sampled_from(["' '", "','", "'o'", "'[,;]'", "'l+'", "''", "'zz'"])),
        st.builds(".split({}, {})".format, st.sampled_from(["'l'", "' '", "'[,;]'"]), st.sampled_from(["2", "1", "3", "0", "-1"])),
        st.builds(".{}({})".format, st.sampled_from("contains startsWith endsWith equals equalsIgnoreCase concat indexOf lastIndexOf".split()), word),
        st.builds(".indexOf({}, {})".format, word, number),
        st.builds(".matches({})".format, st.sampled_from(["'[A-Z].*'", "'.*o'", "'\\d+'", "'.*'"])),
        st.builds(".compareTo({})".format, word),
        st.builds(".repeat({})".format, st.sampled_from("0 1 3 -1".split())),
        st.builds(".format({})".format, st.sampled_from(["'%s-%s', $i, $s", "'%d', $i", "'%.2f', $d", "'%05d|%-4s|', $i, 'q'", "'%,d', $big", "'%x', $i", "'%%'", "'%s', $l", "'%d', $d"])),
    )  # fmt: skip


def list_calls(depth):
    index = st.sampled_from("0 1 2 5 -1 $z $i '1' $nope".split())
    return st.one_of(
        st.sampled_from(".size() .isEmpty() .toString() .empty .size .nope .nope()".split()),
        st.builds(".get({})".format, index),
        st.builds("[{}]".format, index),
        st.builds(".contains({})".format, operands(0)),
        st.builds(".indexOf({})".format, operands(0)),
        st.builds(".lastIndexOf({})".format, operands(0)),
        st.builds(".subList({}, {})".format, index, index),
        st.builds(".add({})".format, operands(0)),
        st.builds(".set(0, {})".format, operands(0)),
        st.builds(".remove({})".format, st.sampled_from("0 1 'a'".split())),
        st.builds(".equals({})".format, operands(0)),
        st.just(".get(0).nope"),
        st.just("[0].name"),
        st.just(".get(0).get('name').length()"),
        st.builds(".addAll({})".format, st.sampled_from(["[7, 8]", "$l", "'x'"])),
    )


def map_calls(depth):
    key = st.sampled_from(["'a'", "'b'", "'c'", "'zz'", '"a"', "$s", "1", "$nope"])
    return st.one_of(
        st.sampled_from(
            ".a .b .c .zz .size() .isEmpty() .keySet() .values() .entrySet() .toString() .a.b.c".split()
        ),
        st.sampled_from(
            [".keySet().size()", ".values().contains(1)", ".keySet().get(0)", ".entrySet().isEmpty()"]
        ),
        st.builds(".get({})".format, key),
        st.builds("[{}]".format, key),
        st.builds(".containsKey({})".format, key),
        st.builds(".containsValue({})".format, operands(0)),
        st.builds(".getOrDefault({}, {})".format, key, operands(0)),
        st.builds(".put({}, {})".format, st.sampled_from(["'a'", "'k'"]), operands(0)),
        st.builds(".remove({})".format, key),
        st.builds(".equals({})".format, st.sampled_from(["$m", "{}", "$s"])),
    )


def number_calls():
    return st.sampled_from(
        ".intValue() .doubleValue() .longValue() .toString() .compareTo(7) .compareTo($i) .equals(7) .equals($d) .nope "
        ".length() .equals(2.5)".split()
    )


@st.composite
def references(draw, depth=2):
    """A reference with steps that fit its value, or do not."""
    kind = draw(st.integers(0, 6))
    if kind <= 1:
        body = draw(st.sampled_from(_STRINGS)) + draw(text_calls(depth - 1))
        if draw(st.booleans()):
            body += draw(text_calls(0))
    elif kind == 2:
        body = draw(st.sampled_from(_LISTS)) + draw(list_calls(depth - 1))
    elif kind == 3:
        body = draw(st.sampled_from(["m", "em", "data"])) + draw(map_calls(depth - 1))
    elif kind == 4:
        body = draw(st.sampled_from("i j z d big t f".split())) + draw(number_calls())
    elif kind == 5:
        body = draw(tools())
    else:
        body = draw(_VARIABLES) + draw(
            st.sampled_from(["", "", "", ".foo", ".foo.bar", ".get('a')", "[0]", ".size()"])
        )
    return _dressed(draw, body, depth)


def _dressed(draw, body, depth):
    shape = draw(st.integers(0, 9))
    if shape < 5:
        return "$" + body
    if shape < 7:
        return "$!" + body
    if shape < 9 or depth <= 0:
        return "${" + body + "}"
    return "${" + body + "|" + draw(operands(0)) + "}"


@st.composite
def tools(draw):
    number = draw(
        st.sampled_from(
            ["1", "7", "-3", "2.5", "$i", "$d", "$num", "'3.7'", "$big", "$nope", "0", "0.125", "1234567.891"]
        )
    )
    other = draw(st.sampled_from(["1", "2", "0", "$j", "0.5", "$z", "10", "'2'"]))
    pattern = draw(
        st.sampled_from(
            [
                "#.00",
                "#,##0.00",
                "0.##",
                "#",
                "00000",
                "#%",
                "$#,##0.00",
                "#0.00;(#0.00)",
                "#,###",
                "0 USD",
                "#.#",
                "integer",
                "currency",
            ]
        )
    )
    return draw(
        st.sampled_from(
            [
                *(f"mathTool.{name}({number}, {other})" for name in "add sub mul div min mod".split()),
                *(f"mathTool.{name}({number})" for name in "abs round floor ceil".split()),
                f"mathTool.pow({number}, 2)",
                "mathTool.max(1, 2.5)",
                "mathTool.max($i, 9)",
                f"mathTool.add({number}, {other}, 1)",
                "mathTool.roundTo(2, 3.14159)", "mathTool.roundTo(1, $d)",
                f"numberTool.format('{pattern}', {number})",
                f"numberTool.format('{pattern}', {other})",
                *(f"numberTool.{name}({number})" for name in "integer currency percent number format".split()),
                "mathTool.nope(1)",
                "numberTool.nope",
            ]
        )
    )  # fmt: skip


@st.composite
def operands(draw, depth=1):
    """What stands without operators: in brackets of methods, lists and maps."""
    kind = draw(st.integers(0, 9 if depth > 0 else 6))
    if kind <= 1:
        return draw(strings(depth))
    if kind == 2:
        return draw(_INTEGERS)
    if kind == 3:
        return draw(_FLOATS)
    if kind == 4:
        return draw(st.sampled_from(["true", "false"]))
    if kind <= 6:
        return draw(simple_references())
    if kind == 7:
        return draw(references(depth - 1))
    if kind == 8:
        return "[" + ", ".join(draw(st.lists(operands(depth - 1), max_size=3))) + "]"
    pairs = draw(st.lists(operands(depth - 1), max_size=2))
    return "{" + ", ".join(f"'k{at}' : {value}" for at, value in enumerate(pairs)) + "}"


@st.composite
def expressions(draw, depth=2):
    """Operators and their operands."""
    kind = draw(st.integers(0, 7))
    if depth <= 0 or kind <= 1:
        return draw(operands(depth))
    if kind == 2:
        return draw(st.sampled_from(["!", "! ", "not ", "!!"])) + draw(operands(depth - 1))
    if kind == 3:
        return "(" + draw(expressions(depth - 1)) + ")"
    if kind == 4:
        return "-" + draw(st.sampled_from(["$i", "$d", "$num", "$s", "$nope", "(1 + 2)", "$big"]))
    operator = draw(st.sampled_from("+ + - * / % == != < > <= >= && || eq ne lt gt le ge and or".split()))
    return f"{draw(expressions(depth - 1))} {operator} {draw(expressions(depth - 1))}"


_NEWLINES = st.sampled_from(["", "", "\n", "  \n", " ", "\n\n", "\r\n"])
_INDENTS = st.sampled_from(["", "", "  ", "\t"])


@st.composite
def directives(draw, depth=2):
    """One directive and its block."""
    kind = draw(st.integers(0, 12))
    before, end, after = draw(_INDENTS), draw(_NEWLINES), draw(_NEWLINES)
    inner = (lambda: draw(templates(depth - 1))) if depth > 0 else (lambda: draw(_PLAIN))
    if kind <= 2:
        target = draw(
            st.sampled_from(
                ["$x", "$y", "$x", "$i", "$s", "$!x", "${y}", "$m.a", "$l[0]", "$m['k']", "$nope.a"]
            )
        )
        return f"{before}#set({target} = {draw(expressions())}){end}"  # fmt: skip
    if kind <= 5:
        parts = [f"{before}#if({draw(expressions())}){end}", inner()]
        for _ in range(draw(st.integers(0, 1))):
            parts += [f"{before}#elseif({draw(expressions())}){end}", inner()]
        if draw(st.booleans()):
            parts += [
                draw(st.sampled_from(["#else", "#{else}"])) + draw(st.sampled_from([" ", "\n", "  \n"])),
                inner(),
            ]
        return "".join([*parts, before, draw(st.sampled_from(["#end", "#{end}"])), after])
    if kind <= 8:
        items = draw(
            st.sampled_from(
                [
                    "$l",
                    "$names",
                    "$items",
                    "$el",
                    "$m",
                    "$m.entrySet()",
                    "$m.keySet()",
                    "[1..3]",
                    "[3..1]",
                    "['a', $s]",
                    "$nope",
                    "$s",
                    "$data.get('items')",
                    "[$z..$j]",
                    "{'a' : 1}",
                ]
            )
        )
        head = f"{before}#foreach({draw(st.sampled_from(['$q', '$x', '$!q', '${q}', '$i']))} in {items}){end}"
        said = draw(
            st.sampled_from(
                [
                    "$q",
                    "$foreach.count",
                    "$foreach.index:$!q.name",
                    "$foreach.hasNext",
                    "$foreach.first$foreach.last",
                    "$q.key=$!q.value",
                    "#if($foreach.hasNext), #end",
                    "#if($foreach.count == 2)#break#end",
                    "$foreach.parent.count",
                    "$foreach.topmost.index",
                    "#break($foreach)",
                ]
            )
        )
        otherwise = draw(st.sampled_from(["", "", "", "#else none "]))
        return f"{head}{said}{inner()}{otherwise}{before}#end{after}"  # fmt: skip
    if kind == 9:
        return f"{before}#define($w){end}{inner()}#end{after}$w $!w.length() #if($w)W#end"
    if kind == 10:
        arguments = draw(st.lists(operands(1), max_size=3))
        body = draw(
            st.sampled_from(["[$p|$!q]", "$p$q", "#set($x = $p)$!x", "#if($p)yes#{else}no#end", "$p#break z"])
        )
        default = draw(st.sampled_from(["", " = 5", " = 'q'"]))
        return (
            f"#macro(mac $p $q{default}){end}{body}#end{after}{before}#mac({' '.join(arguments)}){after}$!p"
        )
    if kind == 11:
        return f"#macro(box $p)<$!p:$!bodyContent>#end#@box({draw(operands(0))}){end}{inner()}#end{after}"
    return draw(
        st.sampled_from(
            ["#[[ $s #if ]]#", "## comment $s\n", "#* $s #end *#", "#stop", "\\$s", "\\\\$s", "\\$nope", "\\#if($t)", "\\#end",
             "#nope($s)", "#nope", "#{nope}", "#FFF\n", "  ## c\nz", "#foo('a')\n", "\\\\$!nope", "#break", "\\#nope"]
        )
    )  # fmt: skip


@st.composite
def templates(draw, depth=2):
    """Text, references and directives after each other."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 6))
        if kind <= 1:
            parts.append(draw(_PLAIN))
        elif kind <= 3:
            parts.append(draw(references()) + draw(st.sampled_from(["", " ", ",", "\n", "!"])))
        else:
            parts.append(draw(directives(depth)))
    return "".join(parts)
