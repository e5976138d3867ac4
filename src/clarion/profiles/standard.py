"""Standard traits have one canonical name, whatever a vendor calls them; custom names keep their case."""

from functools import lru_cache

from clarion.vault import normalised

_STANDARD = {
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress"),
    "phone": ("phone", "phonenumber", "mobile", "mobilephone"),
    "avatar_url": ("avatarurl",),
    "birthday": ("birthday", "birthdate", "dateofbirth"),
    "city": ("city",),
    "country_code": ("countrycode",),
    "language": ("language", "languagecode"),
    "timezone": ("timezone",),
    "company": ("company", "companyname"),
}
_CANONICAL = {spelling: name for name, spellings in _STANDARD.items() for spelling in spellings}


@lru_cache(maxsize=16_384)
def canonical_name(name: str) -> str:
    """`firstName`, `First Name` -> `first_name`; a custom name as it is."""
    return _CANONICAL.get(normalised(name), name)
