"""Every test of this folder that wants a database has two: the embedded one, and a PostgreSQL 15 where it is found."""

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "addresses" in metafunc.fixturenames:
        metafunc.parametrize("addresses", ["embedded", "postgresql-15"], indirect=True, scope="session")
