"""One step of a run: a pure function of what the automation is, where the run stands, and what is seen."""

from msgspec import structs

from clarion.automations.definition import (
    Branch,
    Definition,
    Exit,
    SendMessage,
    UpdateProfile,
    Wait,
    seconds,
)
from clarion.automations.run import Command, Reason, Run, Send, SetTraits, send_key_of
from clarion.segments import Facts, match


def advance(automation: Definition, run: Run, seen: Facts, *, now_us: int) -> tuple[Run, tuple[Command, ...]]:
    """The run after its node, and what it asks for. One node at a time; one that waits is looked at twice.

    A run that is over or not yet due stays as it is, so that a step too many changes nothing.
    """
    if run.ended_us is not None or run.due_us > now_us:
        return run, ()
    node = automation.nodes[run.node]
    match node:
        case Wait() if run.entered_us is None:
            due_us = now_us + seconds(node.duration) * 1_000_000
            return structs.replace(run, entered_us=now_us, due_us=due_us), ()
        case Wait():
            return _to(run, node.next, now_us), ()
        case Branch():
            return _to(run, node.yes if match(node.rule, seen) else node.no, now_us), ()
        case SendMessage():
            return _to(run, node.next, now_us), (_send(run, node),)
        case UpdateProfile():
            wish = SetTraits(run_id=run.run_id, profile_id=run.profile_id, traits=node.traits)
            return _to(run, node.next, now_us), (wish,)
        case Exit():
            return end(run, Reason.FINISHED, now_us), ()


def end(run: Run, reason: Reason, now_us: int) -> Run:
    """The run, over."""
    return structs.replace(run, ended_us=now_us, reason=reason, steps=run.steps + 1)


def _to(run: Run, target: str | None, now_us: int) -> Run:
    """Before the next node, at once."""
    assert target is not None, "what is published has no dead end"
    return structs.replace(run, node=target, entered_us=None, due_us=now_us, steps=run.steps + 1)


def _send(run: Run, node: SendMessage) -> Send:
    return Send(
        send_key=send_key_of(run.run_id, run.node),
        run_id=run.run_id,
        automation_id=run.automation_id,
        node=run.node,
        profile_id=run.profile_id,
        event_id=run.event_id,
        occurred_at_us=run.occurred_at_us,
        template=node.template,
        channel=node.channel,
        message_class=node.message_class,
        topic=node.topic,
    )
