"""Sealing: only the right key at the right place opens; blind indexes tell equality and nothing more."""

import uuid

import pytest

from clarion import errors
from clarion.vault import (
    CannotOpen,
    MasterKey,
    Vault,
    is_personal_property,
    is_personal_trait,
    load_master_key,
    make_master_key,
)

ONE, OTHER = uuid.uuid4(), uuid.uuid4()
KEY = bytes(range(32))


def test_what_is_sealed_opens_at_its_place_only():
    vault = Vault(ONE, KEY)
    sealed = vault.seal(b"ann@example.com", b"identity1")
    assert b"ann" not in sealed
    assert vault.open(sealed, b"identity1") == b"ann@example.com"
    for stranger, place in (
        (vault, b"identity2"),
        (Vault(OTHER, KEY), b"identity1"),
        (Vault(ONE, KEY[::-1]), b"identity1"),
    ):
        with pytest.raises(CannotOpen):
            stranger.open(sealed, place)


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x02" + bytes(40), b"\x01" + bytes(40)])
def test_damage_is_noticed(damage):
    with pytest.raises(CannotOpen):
        Vault(ONE, KEY).open(damage, b"x")


def test_equal_values_are_sealed_differently_and_blinded_equally():
    vault = Vault(ONE, KEY)
    assert vault.seal(b"v", b"p") != vault.seal(b"v", b"p")
    assert vault.blind("email", "v") == vault.blind("email", "v")
    assert (
        len({vault.blind("email", "v"), vault.blind("phone", "v"), vault.dedup_keys("email", ["v"])[0]}) == 3
    )
    assert Vault(ONE, KEY[::-1]).blind("email", "v") != vault.blind("email", "v")


def test_a_wrapped_data_key_opens_with_its_master_key_and_workspace():
    master = MasterKey(KEY)
    wrapped = master.new_data_key(ONE)
    sealed = master.vault(ONE, wrapped).seal(b"v", b"p")
    assert master.vault(ONE, wrapped).open(sealed, b"p") == b"v"
    for key, workspace in ((MasterKey(KEY[::-1]), ONE), (master, OTHER)):
        with pytest.raises(errors.Misconfigured, match="master"):
            key.vault(workspace, wrapped)


def test_the_master_key_file_is_private_and_never_replaced(tmp_path):
    file = tmp_path / "master.key"
    make_master_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    load_master_key(file)
    with pytest.raises(FileExistsError):
        make_master_key(file)
    file.chmod(0o644)
    with pytest.raises(errors.Misconfigured, match="chmod 600"):
        load_master_key(file)
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(errors.Misconfigured, match=r"read|damaged"):
        load_master_key(file)
    file.unlink()
    with pytest.raises(errors.Misconfigured, match="missing"):
        load_master_key(file)


@pytest.mark.parametrize(
    "name",
    ["email", "E-Mail", "first_name", "firstName", "Last Name", "PhoneNumber", "ip", "ContactJson", "SMS"],
)
def test_names_that_hold_personal_data(name):
    assert is_personal_property(name)
    assert is_personal_trait(name)


@pytest.mark.parametrize(
    "name", ["step_name", "screen_name", "product_name", "email_campaign", "city", "country", "shipping"]
)
def test_names_that_do_not(name):
    assert not is_personal_property(name)
    assert not is_personal_trait(name)


def test_name_alone_is_personal_of_a_profile_but_not_of_an_event():
    assert is_personal_trait("name")
    assert not is_personal_property("name")
