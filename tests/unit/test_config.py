"""Settings: where they come from, what is refused and how it is said."""

from pathlib import Path

import msgspec
import pytest

from clarion import config
from clarion.config import Settings
from clarion.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str) -> Path:
    file = folder / "clarion.toml"
    file.write_text(text)
    return file


def test_a_flag_beats_a_variable_which_beats_the_file_which_beats_the_default(tmp_path: Path) -> None:
    file = write(tmp_path, 'port = 1001\nhost = "127.0.0.2"\nworkers = 2\n')
    environ = {"CLARION_DATA": str(tmp_path), "CLARION_PORT": "1002", "CLARION_HOST": "127.0.0.3"}
    loaded = config.load({"port": 1003, "role": None}, environ=environ)
    assert (loaded.settings.port, loaded.settings.host, loaded.settings.workers) == (1003, "127.0.0.3", 2)
    assert loaded.settings.backlog_max == Settings().backlog_max
    origins = {key: loaded.origins[key] for key in ("port", "host", "workers", "backlog_max", "role")}
    assert origins == {
        "port": "--port",
        "host": "CLARION_HOST",
        "workers": str(file),
        "backlog_max": "default",
        "role": "default",
    }


def test_an_empty_variable_is_not_given(tmp_path: Path) -> None:
    assert config.load({"data": tmp_path}, environ={"CLARION_DATABASE_URL": ""}).settings.database_url is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 8080", "{file}: prot is not a setting; did you mean port?"),
        ("zzz = 1", "{file}: zzz is not a setting; `clarion config reference` lists them"),
        ('port = "8080"', "{file}: port should be a whole number from 0 to 65535, not '8080'"),
        ("port = 65536", "{file}: port should be a whole number from 0 to 65535, not 65536"),
        ("port = true", "{file}: port should be a whole number from 0 to 65535, not True"),
        ('role = "boss"', "{file}: role should be one of all, api, worker, not 'boss'"),
        ("tls_cert = 3", "{file}: tls_cert should be a path, not 3"),
        ("database_url = 3", "{file}: database_url should be text, not a value that is not shown"),
        (
            'database_url = "mysql://h/d"',
            "database_url should be like postgresql://user:password@host/database",
        ),
        (
            'database_url = "postgresql://[x"',
            "database_url should be like postgresql://user:password@host/database",
        ),
        ('role = "api"', "role api needs database_url: parts on their own share one PostgreSQL"),
        ('tls_cert = "x.pem"', "tls_cert needs tls_key (tls_cert comes from: {file})"),
        ("disk_warn_percent = 99", "disk_warn_percent should not be above disk_stop_percent"),
        ('data = "/x"', "{file}: data cannot be set in the data folder's own file; use CLARION_DATA"),
        ("port = = 1", "{file}: is not TOML: "),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(Misconfigured) as caught:
        config.load({"data": tmp_path}, environ={})
    assert str(caught.value).startswith(sentence.format(file=file))


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("CLARION_PORT", "tcp://10.0.0.1:80", "CLARION_PORT: should be a whole number from 0 to 65535"),
        (
            "CLARION_LOG_FROMAT",
            "json",
            "CLARION_LOG_FROMAT is not a setting; did you mean CLARION_LOG_FORMAT?",
        ),
    ],
)
def test_a_wrong_variable_is_refused(tmp_path: Path, variable: str, value: str, sentence: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        config.load({"data": tmp_path}, environ={variable: value})
    assert str(caught.value).startswith(sentence)


def test_other_programs_variables_are_left_alone(tmp_path: Path) -> None:
    environ = {
        "CLARION_KEY": "k",
        "CLARION_SERVICE_HOST": "10.0.0.1",
        "CLARION_PORT_8080_TCP_ADDR": "10.0.0.1",
    }
    assert config.load({"data": tmp_path}, environ=environ).settings.port == 8080


def test_a_relative_path_in_a_file_is_meant_from_that_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    file = write(tmp_path / "etc", 'data = "../d"\ntls_cert = "c.pem"\ntls_key = "/k.pem"\n')
    settings = config.load(config=file, environ={}).settings
    assert settings.tls_cert == tmp_path / "etc" / "c.pem"
    assert settings.tls_key == Path("/k.pem")
    assert settings.data.resolve() == tmp_path / "d"


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no such file"):
        config.load(environ={"CLARION_CONFIG": str(tmp_path / "none.toml")})


def test_the_master_key_lies_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert Settings(data=tmp_path).master_key_file == tmp_path / "master.key"
    assert Settings(data=tmp_path, master_key_file=Path("/run/key")).master_key_file == Path("/run/key")


def test_the_default_data_folder() -> None:
    assert config.default_data({}, root=True) == Path("/var/lib/clarion")
    assert config.default_data({"HOME": "/h", "XDG_DATA_HOME": "/x"}, root=False).name == "clarion"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@h:1/d",
        "postgresql://h/d?user=me&password=s3cret",
        "postgresql://me:s3cret@/d?host=/run",
    ],
)
def test_no_password_is_shown(tmp_path: Path, url: str) -> None:
    settings = config.load({"data": tmp_path}, environ={"CLARION_DATABASE_URL": url}).settings
    assert "s3cret" not in str(config.shown(settings))
    assert "postgresql://" in str(config.shown(settings)["database_url"])


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:8080"),
        (Settings(host="0.0.0.0", port=1), "http://127.0.0.1:1"),
        (Settings(host="::", tls_cert=Path("c"), tls_key=Path("k")), "https://[::1]:8080"),
        (Settings(host="::1"), "http://[::1]:8080"),
    ],
)
def test_where_a_caller_on_this_machine_reaches_it(settings: Settings, url: str) -> None:
    assert settings.base_url == url


def test_settings_cross_a_process(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, tls_cert=Path("/c"), tls_key=Path("/k"))
    text = msgspec.json.encode(settings, enc_hook=config.encode_path)
    assert msgspec.json.decode(text, type=Settings, dec_hook=config.decode_path) == settings


def test_the_reference_is_what_the_settings_say() -> None:
    written = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
    assert written == config.reference(), "run: ./run config reference > docs/reference/configuration.md"
