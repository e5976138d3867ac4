"""Automations: steps that an event starts for one profile.

An automation is a graph in JSON (`definition`), checked before it goes live (`check`), and kept by versions that never
change. An event of its metric makes a run, in the transaction that puts the event onto the timeline (`triggers`). The
`Runner` claims due runs and has `advance`, a pure function, take one node at a time.

Invariants: a cause starts one run, whatever is told again, merged, published or replayed, for `run_id` is made of
workspace, automation and cause; a node's message is planned once, for its key is made of run and node; the past starts
nothing; timers are rows; a step is whole or did not happen; what is lost that an automation uses (`losses`) makes it
send to fewer people, never to more.
"""

from clarion.automations.advance import advance, end
from clarion.automations.check import Templates, check
from clarion.automations.definition import Definition, read, schema, write
from clarion.automations.erasing import ROOM, eraser
from clarion.automations.losing import Affected, lose
from clarion.automations.losses import LostAttributes, LostMetric, LostTrait
from clarion.automations.managing import (
    FindTemplates,
    Use,
    User,
    archive,
    draft,
    no_templates,
    pause,
    problems,
    publish,
    redraft,
    users_of,
)
from clarion.automations.run import Command, Reason, Run, Send, SetTraits, run_id_of, send_key_of
from clarion.automations.runner import Plan, Runner
from clarion.automations.store import (
    WORK,
    Automation,
    StoredRun,
    count_runs,
    list_automations,
    list_runs,
    list_runs_of,
    read_automation,
)
from clarion.automations.triggers import Again, Triggers

__all__ = [
    "ROOM",
    "WORK",
    "Affected",
    "Again",
    "Automation",
    "Command",
    "Definition",
    "FindTemplates",
    "LostAttributes",
    "LostMetric",
    "LostTrait",
    "Plan",
    "Reason",
    "Run",
    "Runner",
    "Send",
    "SetTraits",
    "StoredRun",
    "Templates",
    "Triggers",
    "Use",
    "User",
    "advance",
    "archive",
    "check",
    "count_runs",
    "draft",
    "end",
    "eraser",
    "list_automations",
    "list_runs",
    "list_runs_of",
    "lose",
    "no_templates",
    "pause",
    "problems",
    "publish",
    "read",
    "read_automation",
    "redraft",
    "run_id_of",
    "schema",
    "send_key_of",
    "users_of",
    "write",
]
