"""What providers report later lifts a send: the highest report holds, in whatever order they come. Pure."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from clarion.messaging.sends import RANK, State, lifted
from clarion.messaging.store import Locked, Move


class Told(Struct, frozen=True):
    """A report. `hard`: a bounce for good, after which the address is written to no more."""

    state: State
    hard: bool = False

    @property
    def reason(self) -> str | None:
        """Why, as it stands beside the send's state."""
        if self.state is State.BOUNCED:
            return "hard_bounce" if self.hard else "soft_bounce"
        return "complaint" if self.state is State.COMPLAINED else None


def highest(told: Iterable[Told]) -> Told | None:
    """The report that holds; of bounces a hard one."""
    return max(told, key=lambda one: (RANK[one.state], one.hard), default=None)


def after_reports(send: Locked, told: Iterable[Told], *, now_us: int) -> Move | None:
    """What a send becomes by its reports; None: what it is. One in a worker's hands waits for its end."""
    top = highest(told)
    in_doubt = send.state is State.DEFERRED and send.doubt_us is not None
    if top is None or not (in_doubt or lifted(send.state, top.state)):
        return None
    return Move(
        send_id=send.send_id,
        state=top.state,
        reason=top.reason,
        sent_us=send.sent_us or send.doubt_us or now_us,
    )


def with_reports(move: Move, told: Iterable[Told], *, now_us: int) -> Move:
    """An attempt's end, lifted by reports that came before it."""
    top = highest(told)
    in_doubt = move.state is State.DEFERRED and move.doubt_us is not None
    if top is None or not (in_doubt or lifted(move.state, top.state)):
        return move
    return replace(
        move, state=top.state, reason=top.reason, due_us=None, sent_us=move.sent_us or now_us, doubt_us=None
    )
