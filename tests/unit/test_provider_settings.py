"""Providers' settings: from the command line, as they are shown, and what an installation says of its way out."""

import pytest

from clarion.cli.provider import _from_file, _given
from clarion.config import load
from clarion.errors import Invalid, Misconfigured
from clarion.messaging import PROVIDERS, configs


def test_words_become_settings_and_tables(tmp_path):
    secret = tmp_path / "token.txt"
    secret.write_text("t0ken\n")
    assert _given(["host=a=b", f"secrets.token=@{secret}", "secrets.other=x", "headers.X-A="]) == {
        "host": "a=b",
        "secrets": {"token": "t0ken", "other": "x"},
        "headers": {"X-A": ""},
    }


@pytest.mark.parametrize(
    "words", [["host"], ["=x"], [".a=x"], ["a.=x"], ["a=x", "a.b=y"], ["a=@/no/such/file"]]
)
def test_words_that_make_no_sense_are_refused(words):
    with pytest.raises(Invalid):
        _given(words)


def test_a_file_is_toml(tmp_path):
    file = tmp_path / "sms.toml"
    file.write_text('url = "https://x.example/"\njson = { to = "{to}" }\n')
    config = configs.read("sms", "http", _from_file(file))
    assert isinstance(config, configs.Http)
    assert config.json == {"to": "{to}"}
    file.write_text("url =")
    with pytest.raises(Invalid):
        _from_file(file)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_what_is_called_a_secret_is_one(kind):
    """A field of that name that forgets its mark would be shown."""
    config = PROVIDERS[kind].config
    suspicious = {
        name
        for name in config.__struct_fields__
        if any(word in name for word in ("password", "secret", "token", "key"))
        and not name.endswith("_header")
    }
    assert suspicious <= configs.secret_fields(config)


def test_secrets_are_shown_as_stars_and_tables_of_them_by_name():
    config = configs.read("sms", "http", {"url": "https://x.example/", "secrets": {"token": "t0ken"}})
    assert configs.shown(config)["secrets"] == {"token": "***"}
    assert configs.shown(config)["report_secret"] is None


@pytest.mark.parametrize(
    ("variables", "local"),
    [
        ({}, True),
        ({"CLARION_HOST": "0.0.0.0"}, True),
        ({"CLARION_PUBLIC_URL": "http://localhost:8080"}, True),
        ({"CLARION_PUBLIC_URL": "https://mail.shop.example/"}, False),
        ({"CLARION_HOST": "192.0.2.7"}, False),
    ],
)
def test_links_of_this_machine_alone_are_known(tmp_path, variables, local):
    settings = load(environ={"CLARION_DATA": str(tmp_path)} | variables).settings
    assert settings.links_are_local == local
    assert not settings.links_url.endswith("/")


@pytest.mark.parametrize(
    "url", ["mail.shop.example", "ftp://x.example", "https://", "https://x.example/?a=b"]
)
def test_a_public_url_that_is_none_is_refused(tmp_path, url):
    with pytest.raises(Misconfigured, match="public_url"):
        load(environ={"CLARION_DATA": str(tmp_path), "CLARION_PUBLIC_URL": url})
