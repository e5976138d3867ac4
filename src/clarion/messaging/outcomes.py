"""What becomes of a send after an attempt: trust in what was marked, honesty about what was not. Pure."""

from clarion.messaging import trials
from clarion.messaging.port import Accepted, Deferred, Rejected, Result, Unknown
from clarion.messaging.sends import State
from clarion.messaging.store import Locked, Move

#: An idempotency key is not relied on in the last of its window.
WINDOW_SLACK_S = 60
NOT_ANSWERED = "its worker ended before the provider answered"
NOT_SENT = "its worker ended before it was sent"


def after(send: Locked, result: Result, *, marked_us: int, window_s: int, now_us: int, drawn: float) -> Move:
    """The send's next state. `marked_us`: when it passed the point of no return; `window_s`: for how long a second
    try is harmless; `drawn`: 0 to 1, by chance.
    """
    match result:
        case Accepted(provider_ref=ref):
            return Move(
                send_id=send.send_id,
                state=State.ACCEPTED,
                sent_us=send.sent_us or marked_us,
                provider_ref=ref,
            )
        case Rejected(permanent=True, kind=kind):
            return _certain(send, State.REJECTED, kind.value)
        case Rejected(kind=kind):
            return _again(send, kind.value, None, now_us, drawn)
        case Deferred(retry_after_s=retry_after_s):
            return _again(send, "deferred", retry_after_s, now_us, drawn)
        case Unknown():
            return unanswered(send, marked_us=marked_us, window_s=window_s, now_us=now_us, drawn=drawn)


def unanswered(send: Locked, *, marked_us: int, window_s: int, now_us: int, drawn: float) -> Move:
    """Past the point of no return and no answer: again where that is harmless, else nobody knows."""
    doubt_us = send.doubt_us or marked_us
    wait_s = trials.wait_s(send.attempts, None, drawn=drawn)
    if (
        not send.erased
        and wait_s is not None
        and is_harmless(doubt_us, window_s, now_us + int(wait_s * 1_000_000))
    ):
        return Move(
            send_id=send.send_id, state=State.DEFERRED, reason="not_answered",
            due_us=now_us + int(wait_s * 1_000_000), sent_us=doubt_us, doubt_us=doubt_us,
        )  # fmt: skip
    return _unknown(send, doubt_us)


def unmarked(send: Locked, *, now_us: int, drawn: float) -> Move:
    """Its worker ended before the point of no return: it was not sent, so it is due again."""
    return _again(send, "worker_ended", None, now_us, drawn)


def is_harmless(doubt_us: int, window_s: int, at_us: int) -> bool:
    """Whether the provider will know a second copy for one at that time."""
    return at_us - doubt_us < (window_s - WINDOW_SLACK_S) * 1_000_000


def _again(send: Locked, reason: str, retry_after_s: int | None, now_us: int, drawn: float) -> Move:
    if send.erased:
        return _certain(send, State.SUPPRESSED, "no_person")
    wait_s = trials.wait_s(send.attempts, retry_after_s, drawn=drawn)
    if wait_s is None:
        return _certain(send, State.REJECTED, "gave_up")
    return Move(
        send_id=send.send_id, state=State.DEFERRED, reason=reason, due_us=now_us + int(wait_s * 1_000_000),
        sent_us=send.doubt_us, doubt_us=send.doubt_us,
    )  # fmt: skip


def _certain(send: Locked, state: State, reason: str) -> Move:
    """This attempt certainly did not send it; an earlier one may have."""
    if send.doubt_us is not None:
        return _unknown(send, send.doubt_us)
    return Move(send_id=send.send_id, state=state, reason=reason)


def _unknown(send: Locked, doubt_us: int) -> Move:
    return Move(
        send_id=send.send_id, state=State.UNKNOWN, reason="not_answered", sent_us=doubt_us, doubt_us=doubt_us
    )
