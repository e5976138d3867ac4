"""Which names hold personal data: a closed list, matched by the whole name without case, "_", "-" and spaces."""

from functools import lru_cache

_PERSONAL = frozenset(
    """
    emails phonenumbers
    email emailaddress useremail contactemail customeremail recipientemail mail
    phone phonenumber userphone contactphone customerphone recipientphone mobile mobilephone sms tel telephone
    firstname lastname fullname middlename surname familyname givenname patronymic
    address address1 address2 addressline addressline1 addressline2 street streetaddress postcode postalcode zip
    zipcode deliveryaddress shippingaddress billingaddress
    documentnumber passport passportnumber taxid ip ipaddress
    pushtoken devicetoken webpush mobilepush contactjson contactkey externalcustomerid
    """.split()
)
_PERSONAL_AS_TRAIT = _PERSONAL | {"name"}


@lru_cache(maxsize=16_384)
def normalised(name: str) -> str:
    """`First-Name` -> `firstname`."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def is_personal_trait(name: str) -> bool:
    """Whether a trait of this name is sealed without its definition saying so."""
    return normalised(name) in _PERSONAL_AS_TRAIT


def is_personal_property(name: str) -> bool:
    """Whether an event's property of this name, at any depth, is sealed. `name` alone is not."""
    return normalised(name) in _PERSONAL
