"""Why an event can be refused. The reference page lists every code; a test holds it to that."""

from enum import StrEnum

from msgspec import Struct

PROBLEMS_MAX = 20  # told of one event


class Code(StrEnum):
    """Of these the vendor publishes INVALID_EMAIL only; the others are ours, in its style."""

    INVALID_EVENT = "INVALID_EVENT"  #: not an object, or not JSON that can be kept
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"  #: longer than 32 KB
    EVENT_NAME_REQUIRED = "EVENT_NAME_REQUIRED"  #: no `event`, or an empty one
    INVALID_EVENT_NAME = "INVALID_EVENT_NAME"  #: not text, or other characters than allowed
    EVENT_NAME_TOO_LONG = "EVENT_NAME_TOO_LONG"  #: more than 60 characters
    IDENTIFY_REQUIRED = "IDENTIFY_REQUIRED"  #: no `identify`
    INVALID_IDENTIFY = "INVALID_IDENTIFY"  #: `identify` is not an object
    EMAIL_REQUIRED = "EMAIL_REQUIRED"  #: no `identify.email`
    INVALID_EMAIL = "INVALID_EMAIL"  #: `identify.email` is not an e-mail address
    INVALID_TRAITS = "INVALID_TRAITS"  #: `identify.traits` is not an object
    TRAITS_TOO_DEEP = "TRAITS_TOO_DEEP"  #: a trait is an object
    TOO_MANY_TRAITS = "TOO_MANY_TRAITS"  #: more than 100
    INVALID_PROPERTIES = "INVALID_PROPERTIES"  #: `properties` is not an object
    PROPERTIES_TOO_DEEP = "PROPERTIES_TOO_DEEP"  #: objects nested more than 3 deep
    TOO_MANY_PROPERTIES = "TOO_MANY_PROPERTIES"  #: more than 100 leaf keys
    KEY_TOO_LONG = "KEY_TOO_LONG"  #: the name of a property or trait has more than 255 characters
    STRING_TOO_LONG = "STRING_TOO_LONG"  #: more than 1,000 characters
    ARRAY_TOO_LONG = "ARRAY_TOO_LONG"  #: more than 100 items
    INVALID_ARRAY = "INVALID_ARRAY"  #: an array holds an object or an array
    NUMBER_OUT_OF_RANGE = "NUMBER_OUT_OF_RANGE"  #: an integer beyond 64 bits
    INVALID_CHARACTER = "INVALID_CHARACTER"  #: text with the character U+0000
    INVALID_TIMESTAMP = "INVALID_TIMESTAMP"  #: neither ISO 8601 nor Unix time
    TIMESTAMP_OUT_OF_RANGE = "TIMESTAMP_OUT_OF_RANGE"  #: more than 30 years from now
    INVALID_MESSAGE_ID = "INVALID_MESSAGE_ID"  #: `messageId` is not text, or empty
    MESSAGE_ID_TOO_LONG = "MESSAGE_ID_TOO_LONG"  #: more than 128 characters


class Problem(Struct, frozen=True):
    """One thing wrong with one event, as a batch tells it."""

    code: Code
    message: str
