"""What became of a request -> the vendor's status and words. Pure."""

from collections.abc import Sequence
from http import HTTPStatus

from msgspec import Struct

from clarion.dialects import _words
from clarion.dialects._http import Answer
from clarion.dialects._words import Voice, Words
from clarion.dialects.smashsend import wire
from clarion.dialects.smashsend.codes import Code, Problem
from clarion.model import Accepted, Duplicate, Offer

QUEUED = "Event queued for processing"
_PHRASES = {413: "Payload Too Large"}  # Pythons word it in two other ways


def _shape(status: HTTPStatus, message: str, _code: str) -> bytes:
    return wire.encode(wire.Failure(status.value, _PHRASES.get(status.value, status.phrase), message))


VOICE = Voice(
    dialect="smashsend",
    shape=_shape,
    words=Words(
        unauthorized="Invalid API key",
        read_only="This API key can only read",
        over_rate="Rate limit exceeded. Please retry after 60 seconds.",  # to the letter; Retry-After is exact
        unavailable="Service temporarily unavailable. Please retry after {} seconds.",
    ),
    status={
        **_words.STATUS,
        wire.Malformed: HTTPStatus.BAD_REQUEST,
    },
)

#: Where one event hears a problem in other words than a batch.
SINGLE_WORDS = {Code.INVALID_EMAIL: '"identify.email" must be a valid email'}

Told = str | list[Problem]  #: the message id of an event that was offered, or all that is wrong with it
_OUTCOMES: dict[type[Accepted | Duplicate], str] = {Accepted: "accepted", Duplicate: "duplicate"}


def queued(offer: Offer) -> Answer:
    """One event, kept now or before: the caller need not know."""
    return Answer(200, wire.encode(wire.Queued(True, offer.dedup.key, QUEUED)))


def refused(problems: Sequence[Problem]) -> Answer:
    """One event that breaks rules hears of the first."""
    first = problems[0]
    return VOICE.failure(HTTPStatus.BAD_REQUEST, SINGLE_WORDS.get(first.code, first.message))


def done(result: Struct) -> Answer:
    """What a call says that is done at once."""
    return Answer(HTTPStatus.OK.value, wire.encode(result))


def batch(told: Sequence[Told], outcomes: Sequence[Accepted | Duplicate]) -> Answer:
    """Every event by its place in the request; `outcomes` are those of the offers in it, in order."""
    remaining = iter(outcomes)
    events: list[wire.EventStatus] = []
    failures: list[wire.EventFailure] = []
    accepted = 0
    for index, event in enumerate(told):
        if isinstance(event, str):
            outcome = type(next(remaining))
            accepted += outcome is Accepted
            events.append(wire.EventStatus(index, event, _OUTCOMES[outcome]))
        else:
            found = [wire.EventError(problem.code, problem.message) for problem in event]
            failures.append(wire.EventFailure(index, found))
    result = wire.BatchResult(accepted, len(failures), len(events) - accepted, events, failures)
    return Answer(_batch_status(len(events), len(failures)), wire.encode(result))


def _batch_status(passed: int, failed: int) -> int:
    """All failed: 400. Some: 207. None, also of none at all: 200."""
    if not failed:
        return 200
    return 207 if passed else 400
