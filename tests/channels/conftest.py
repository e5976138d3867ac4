"""The servers that channels speak to: processes of their own, on loopback, one each a test run."""

from collections.abc import Iterator

import pytest

from tests.channels.servers.running import Sink, serve


@pytest.fixture(scope="session")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from serve("tests.channels.servers.smtp", tmp_path_factory.mktemp("smtp"))


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    yield from serve("tests.channels.servers.http", tmp_path_factory.mktemp("http"))
