"""How people are printed for people."""

import pytest

from clarion.api.audience_views import Listed
from clarion.cli import _people
from clarion.profiles import FoundProfile

AT = "2026-01-02T03:04:05+00:00"


def email(value: str) -> dict[str, str]:
    return {"kind": "email", "namespace": "", "value": value}


def test_all_that_identifies_a_person_is_shown_also_two_of_a_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """As after a merge."""
    found = FoundProfile(
        id="prf_1", created_at=AT, traits={}, addresses=[], members=["prf_1"],
        identities=[email("ann@example.com"), email("anna@example.com")],
    )  # fmt: skip
    _people.show_person(found, json=False)
    assert "ann@example.com, anna@example.com" in capsys.readouterr().out


def test_a_list_of_people_says_yes_and_no_as_one_person_does(capsys: pytest.CaptureFixture[str]) -> None:
    _people.show_people(
        [Listed(id="prf_1", lead=None, emails=(), traits={"vip": True}, created_at=AT, updated_at=AT)]
    )
    assert "vip=yes" in capsys.readouterr().out
