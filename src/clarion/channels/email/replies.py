"""What a mail server's reply means, by the step at which it came. Pure.

Before the final dot nothing was sent, whatever is said; after it only a reply tells.
"""

import re
from enum import StrEnum

from clarion.messaging.port import Accepted, Deferred, Kind, Rejected, Result, Unknown

_SAID_MAX = 500
_REF = re.compile(r"(?:queued (?:as|under)|\bid[=:])[ <]*([A-Za-z0-9][\w.@-]{3,99})", re.IGNORECASE)
_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")


class Step(StrEnum):
    CONNECT = "connecting"  #: up to and with the sign-in
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the body"  #: an answer nobody waited for, before the dot
    END = "the final dot"


#: 5.x.y by its subject, then by subject and detail; what is not here goes by the step.
_SUBJECTS = {"1": Kind.BAD_ADDRESS, "2": Kind.BOUNCED, "6": Kind.REFUSED_CONTENT}
_DETAILS = {
    ("1", "7"): Kind.REFUSED_SENDER,
    ("1", "8"): Kind.REFUSED_SENDER,
    ("2", "3"): Kind.REFUSED_CONTENT,
    ("3", "4"): Kind.REFUSED_CONTENT,
    ("4", "4"): Kind.BAD_ADDRESS,
    ("7", "8"): Kind.AUTH,
    ("7", "9"): Kind.AUTH,
    ("7", "27"): Kind.REFUSED_SENDER,
}
_STEPS = {
    Step.CONNECT: Kind.REFUSED_SENDER,
    Step.MAIL: Kind.REFUSED_SENDER,
    Step.RCPT: Kind.OTHER,
    Step.DATA: Kind.OTHER,
    Step.BODY: Kind.REFUSED_CONTENT,
    Step.END: Kind.REFUSED_CONTENT,
}
_CODES = {
    (Step.MAIL, 552): Kind.REFUSED_CONTENT,
    (Step.RCPT, 550): Kind.BAD_ADDRESS,
    (Step.RCPT, 551): Kind.BAD_ADDRESS,
    (Step.RCPT, 552): Kind.BOUNCED,
    (Step.RCPT, 553): Kind.BAD_ADDRESS,
    (Step.RCPT, 554): Kind.REFUSED_SENDER,
}
_AUTH = frozenset({530, 534, 535, 538})


def parse(step: Step, code: int, text: str) -> Result:
    """What becomes of the attempt."""
    if not 200 <= code < 600:  # of what is not SMTP nothing is shown
        reason = f"{step}: the answer is not SMTP"
        return Unknown(reason) if step is Step.END else Deferred(reason=reason)
    said = f"{step}: {code} {' '.join(text.split())[:_SAID_MAX]}"
    if 400 <= code < 500:
        return Deferred(reason=said)
    if 500 <= code < 600:
        kind = _kind(step, code, text)
        ours = step is Step.CONNECT or kind is Kind.AUTH
        return Rejected(reason=said, permanent=not ours, kind=kind)
    if step is not Step.END:
        return Deferred(reason=f"out of turn at {said}")
    return Accepted(_ref(text), said) if 200 <= code < 300 else Unknown(f"out of turn at {said}")


def kind_of_status(status: str) -> Kind | None:
    """Why, by an enhanced status code (`5.1.1`); None where it says no more than that it failed."""
    found = _ENHANCED.match(status)
    return None if found is None else _DETAILS.get((found[1], found[2])) or _SUBJECTS.get(found[1])


def _kind(step: Step, code: int, text: str) -> Kind:
    if code in _AUTH:
        return Kind.AUTH
    if found := _ENHANCED.match(text):
        if kind := kind_of_status(text):
            return kind
        if found[1] == "7":
            return Kind.REFUSED_CONTENT if step in (Step.BODY, Step.END) else Kind.REFUSED_SENDER
    return _CODES.get((step, code)) or _STEPS[step]


def _ref(text: str) -> str | None:
    found = _REF.search(text)
    return found[1] if found else None
