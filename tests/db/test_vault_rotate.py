"""The master key is changed while the installation serves, and wherever that is cut off everything opens."""

import pytest

from clarion import accounts, errors, vault
from clarion.accounts import Vaults, rotation
from clarion.db import Database
from clarion.model import Ids
from tests.conftest import embedded

#: Steps after which a rotation is cut off: the file holds both keys; one of three is wrapped anew; all are.
CUTS = [("keys", 0), ("wrapped", 1), ("wrapped", 3), ("done", 3)]


class Killed(Exception):
    """The end of the process: nothing after it is done, and only file and database are left."""


@pytest.fixture(scope="module")
def own_addresses(tmp_path_factory):
    """A database of this file alone: a rotation takes every workspace."""
    yield from embedded(tmp_path_factory)


@pytest.fixture
async def house(own_addresses, tmp_path):
    """Three workspaces of a new master key: the database, the key's file, their ids."""
    key_file = tmp_path / "master.key"
    vault.make_master_key(key_file)
    master = vault.load_master_key(key_file)
    database = await Database.open(own_addresses, app=4, owner=1)
    async with database.owner() as tx:
        await tx.execute("TRUNCATE workspace CASCADE")
    ids = Ids(database.now_us)
    for number in range(3):
        async with database.app() as tx:
            await accounts.create_workspace(tx, f"shop-{number}", ids=ids, master=master)
    yield database, key_file, ids
    await database.close()


def vaults(database, master):
    async def load(workspace_id):
        async with database.app() as tx:
            return await accounts.load_data_key(tx, workspace_id)

    return Vaults(master, load)


async def seals(database, master):
    """What each workspace says of a value: the same for as long as its data key is the same."""
    async with database.app() as tx:
        found = await accounts.list_workspaces(tx)
    opened = vaults(database, master)
    return {one.name: (await opened.of(one.workspace_id)).blind("email", "ann") for one in found}


def quiet(step, done, of):
    """Nobody listens."""


async def test_after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing(house):
    database, key_file, _ = house
    before = await seals(database, vault.load_master_key(key_file))
    old = key_file.with_name("old.key")
    old.write_bytes(key_file.read_bytes())
    old.chmod(0o600)

    found = await rotation.rotate(database, key_file, quiet)

    assert found.workspaces == {found.key: 3} and found.unopened == 0
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert await seals(database, vault.load_master_key(key_file)) == before
    with pytest.raises(errors.Misconfigured, match="does not open"):
        await seals(database, vault.load_master_key(old))


@pytest.mark.parametrize(("step", "number"), CUTS)
async def test_a_rotation_that_is_cut_off_leaves_everything_open_and_goes_on(house, step, number):
    database, key_file, _ = house
    before = await seals(database, vault.load_master_key(key_file))

    def cut(said, done, of):
        if (said, done) == (step, number):
            raise Killed

    with pytest.raises(Killed):
        await rotation.rotate(database, key_file, cut)
    assert await seals(database, vault.load_master_key(key_file)) == before

    found = await rotation.rotate(database, key_file, quiet)
    assert found.workspaces == {found.key: 3} and found.unopened == 0
    assert await seals(database, vault.load_master_key(key_file)) == before


async def test_a_process_that_began_with_the_old_key_opens_and_makes_workspaces_after_it(house):
    database, key_file, ids = house
    running = vault.load_master_key(key_file)
    await rotation.rotate(database, key_file, quiet)
    assert len(await seals(database, running)) == 3  # control: without reload() "does not open"
    async with database.app() as tx:
        await accounts.create_workspace(tx, "late", ids=ids, master=running)
    found = await rotation.wrappings(database, vault.load_master_key(key_file))
    assert found.workspaces == {found.key: 4}
