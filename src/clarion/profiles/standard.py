"""Standard traits have one canonical name and a fixed type, whatever vendors call them; custom ones keep their case."""

import unicodedata
from functools import lru_cache

from clarion.profiles.conversion import TraitType
from clarion.vault import normalised

_STANDARD = {
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "useremail", "contactemail"),
    "phone": ("phone", "phonenumber", "userphone", "contactphone", "mobile", "mobilephone"),
    "avatar_url": ("avatarurl", "avatar"),
    "birthday": ("birthday", "birthdate", "birth", "dateofbirth"),
    "city": ("city",),
    "country": ("country", "countryname"),
    "country_code": ("countrycode", "countryiso"),
    "language": ("language", "languagecode", "locale"),
    "timezone": ("timezone",),
    "company": ("company", "companyname"),
}
_CANONICAL = {spelling: name for name, spellings in _STANDARD.items() for spelling in spellings}


@lru_cache(maxsize=16_384)
def canonical_name(name: str) -> str:
    """`firstName`, `First Name` -> `first_name`; a custom name as it is."""
    return _CANONICAL.get(normalised(name), name)


def standard_type(name: str) -> TraitType | None:
    """The type of a standard trait, by its canonical name: text, but for what its first value tells of birthdays."""
    return "text" if name in _STANDARD and name != "birthday" else None


def canonical_person_name(value: str) -> str:
    """The form whose blind index finds a first or last name: trimmed, NFC, without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value.strip()).casefold())
