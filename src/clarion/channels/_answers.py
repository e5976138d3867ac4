"""What an HTTP answer means where a provider has no words of its own for it. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from clarion import errors
from clarion.channels._request import Answer, Failed
from clarion.messaging.port import Deferred, Kind, Rejected, Result, Unknown

_LATER = frozenset({408, 423, 425, 429})
_AUTH = frozenset({401, 403, 407})
_SETTINGS = frozenset({404, 405, 406, 411, 415, 501, 505})
#: The gateway itself says that it did not get so far as to take it.
_NOT_TAKEN = frozenset({503})
RETRY_AFTER_S_MAX = 86_400


def of_failure(failed: Failed) -> Result:
    """No answer: whether it may have been sent is whether the request was whole."""
    if failed.refused:
        return Rejected(reason=str(failed), permanent=False, kind=Kind.SETTINGS)
    return Unknown(str(failed)) if failed.committed else Deferred(reason=str(failed))


def of_status(answer: Answer, why: str = "") -> Result:
    """An answer that is not 2xx. A 5xx other than 503 says nothing of how far it got. Bodies are never shown; `why`
    is what the workspace named of one.
    """
    reason = said(answer, why)
    if answer.status in _LATER or answer.status in _NOT_TAKEN:
        return Deferred(reason=reason, retry_after_s=retry_after_s(answer))
    if answer.status in _AUTH:
        return Rejected(reason=reason, permanent=False, kind=Kind.AUTH)
    if answer.status in _SETTINGS or answer.status < 400:
        return Rejected(reason=reason, permanent=False, kind=Kind.SETTINGS)  # a redirect is not followed
    if answer.status < 500:
        return Rejected(reason=reason, permanent=True, kind=Kind.OTHER)
    return Unknown(reason)


def retry_after_s(answer: Answer, now: datetime | None = None) -> int | None:
    """What the header says, in seconds; a date is read by the answer's own clock."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text), RETRY_AFTER_S_MAX)
    try:
        then = parsedate_to_datetime(text)
        since = now or parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(0, min(int((_utc(then) - _utc(since)).total_seconds()), RETRY_AFTER_S_MAX))


def said(answer: Answer, why: str = "") -> str:
    """The answer in a few words, for people and the journal."""
    return f"answered {answer.status}: {why}" if why else f"answered {answer.status}"


def invalid(sentence: str) -> errors.Invalid:
    return errors.Invalid(sentence)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
