"""What counts as a database that is away."""

import asyncpg
import pytest

from clarion import errors
from clarion.db import is_lost_connection, is_transient
from clarion.db.pool import _away


@pytest.mark.parametrize(
    "exc",
    [
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.InternalClientError("x"),
        asyncpg.InterfaceError("x"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_a_lost_connection_is_a_database_that_is_away(exc):
    assert is_transient(exc)
    assert is_lost_connection(exc)
    with pytest.raises(errors.Unavailable), _away():
        raise exc


@pytest.mark.parametrize(
    "exc", [asyncpg.DeadlockDetectedError("x"), asyncpg.DiskFullError("x"), asyncpg.QueryCanceledError("x")]
)
def test_what_was_rolled_back_may_be_tried_again_but_is_no_lost_connection(exc):
    assert is_transient(exc)
    assert not is_lost_connection(exc)


@pytest.mark.parametrize(
    "exc", [asyncpg.UniqueViolationError("x"), asyncpg.UntranslatableCharacterError("x"), ValueError()]
)
def test_what_is_wrong_stays_wrong(exc):
    assert not is_transient(exc)
    with pytest.raises(type(exc)), _away():
        raise exc
