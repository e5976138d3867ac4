"""`clarion template`: from files to text, without a database."""

import json

import pytest

from clarion import cli


@pytest.fixture
def files(tmp_path):
    template, data = tmp_path / "mail.vm", tmp_path / "data.json"
    template.write_text("Hi $!data.get('name'), $name! #if($items)$items.size()#end\n")
    data.write_text('{"name": "<Ann>", "items": [1, 2]}')
    return template, data


def run(capsys, *words):
    code = cli.main(["template", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_render(capsys, files):
    template, data = files
    assert run(capsys, "render", template, "--data", data) == (0, "Hi <Ann>, <Ann>! 2\n", "")
    assert (
        run(capsys, "render", template, "--data", data, "--escape")[1] == "Hi &lt;Ann&gt;, &lt;Ann&gt;! 2\n"
    )
    assert json.loads(run(capsys, "render", template, "--json")[1]) == {"text": "Hi , $name! \n"}


def test_lint(capsys, files):
    template, data = files
    code, out, _ = run(capsys, "lint", template, "--data", data)
    assert (code, out) == (0, "reads $data: name\nother names: items, name\n")


def test_lint_of_a_wrong_template_is_1(capsys, files):
    template, data = files
    template.write_text("a\n#if($x)")
    code, out, _ = run(capsys, "lint", template, "--json")
    assert code == 1
    (finding,) = json.loads(out)["findings"]
    assert (finding["line"], finding["error"]) == (2, True)
    template.write_text("$data.get('items').get(5) $data.nope")
    code, out, _ = run(capsys, "lint", template, "--data", data)
    assert code == 1
    assert f"{template}:1:19: error: index 5 is out of bounds for length 2" in out
    assert "warning: nope has never been seen in the event's data" in out


@pytest.mark.parametrize(
    "words", [["no-such-file"], ["{template}", "--data", "{template}"], ["{template}", "--zone", "x"]]
)
def test_what_cannot_be_read_is_a_sentence(capsys, files, words):
    code, out, err = run(capsys, "render", *(word.format(template=files[0]) for word in words))
    assert (code, out) == (1, "")
    assert err.startswith("clarion: ")
    assert err.count("\n") == 1
