"""The command line: `clarion NOUN VERB`, and a few verbs of their own (`clarion serve`).

To add a noun: write `cli/<noun>.py` holding `app = App(name="<noun>")` and its verbs as `@app.command`
functions (`cli/config.py` is the smallest example), and give it a line in `COMMANDS`. The file is imported
when somebody says its noun, so that every command starts at once; hence the help line stands here.

What a verb does: take `place` and `json` from `_options`, open a `session` where it needs the database,
call a room, `show` what came back. Exit code 0; 1 for a ClarionError, whose sentence goes to stderr, or
where the verb returns 1; 2 for a command line that makes no sense. stdout carries the answer alone: with
`--json` one JSON document.
"""

import io
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from clarion import __version__
from clarion.errors import ClarionError

#: Name -> where it is, and its line in `clarion --help`.
COMMANDS = {
    "serve": ("clarion.cli._serve:serve", "Start the server: database, HTTP, workers."),
    "migrate": (
        "clarion.cli._migrate:migrate",
        "Bring the database up to this version; `serve` does it too.",
    ),
    "doctor": ("clarion.cli._doctor:doctor", "Look for what is wrong, and say what to do."),
    "workspace": ("clarion.cli.workspace:app", "Workspaces: create, list, show."),
    "credential": ("clarion.cli.credential:app", "Keys and tokens: create, list, show, revoke, set rates."),
    "profile": ("clarion.cli.profile:app", "People: find, show, history, merge, unmerge, export, erase."),
    "event": ("clarion.cli.event:app", "What happened: list, tail, show."),
    "metric": ("clarion.cli.metric:app", "Kinds of events: list, show, create, pause, resume."),
    "trait": ("clarion.cli.trait:app", "What profiles hold: list, show, define, delete."),
    "order": ("clarion.cli.order:app", "What was bought: list, show."),
    "list": ("clarion.cli.list:app", "Lists kept by hand: list, show, create, add, remove."),
    "suppression": ("clarion.cli.suppression:app", "Addresses that are not sent to: list, add, remove."),
    "topic": ("clarion.cli.topic:app", "What marketing is about: list, set."),
    "consent": ("clarion.cli.consent:app", "What people said yes and no to: list, show, set."),
    "rule": ("clarion.cli.rule:app", "When and how often marketing goes out: show, set."),
    "automation": (
        "clarion.cli.automation:app",
        "Steps that an event starts: create, publish, pause, archive, list, show.",
    ),
    "provider": ("clarion.cli.provider:app", "Who carries messages: list, set, test."),
    "template": ("clarion.cli.template:app", "Message templates: create, list, show, lint, render."),
    "message": ("clarion.cli.message:app", "Messages: list, show, explain, count, bounce."),
    "quarantine": (
        "clarion.cli.quarantine:app",
        "What could not be processed: list, show, retry, discard.",
    ),
    "ledger": ("clarion.cli.ledger:app", "What became of every item: show, verify."),
    "job": ("clarion.cli.job:app", "What is done in the background: list, retry."),
    "backup": ("clarion.cli.backup:app", "Backups of the embedded database: create, verify, restore."),
    "vault": ("clarion.cli.vault:app", "The master key: show, rotate."),
    "acting": ("clarion.cli.acting:app", "Whether anything is sent: show, pause, resume."),
    "coverage": ("clarion.cli._coverage:coverage", "What of each vendor's contract is spoken."),
    "config": ("clarion.cli.config:app", "Settings: show, check, reference."),
    "version": ("clarion.cli._version:version", "Which Clarion, Python and PostgreSQL this is."),
}

app = App(
    name="clarion",
    help="One self-hosted server that speaks the event and contact APIs of five marketing vendors.",
    version=__version__,
    result_action="return_value",
)
for _name, (_where, _help) in COMMANDS.items():
    app.command(_where, name=_name, help=_help)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (this process's by default); returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a letter gets the rest
    try:
        code = app(arguments, exit_on_error=False)
        sys.stdout.flush()
    except CycloptsError:
        return 2  # cyclopts has said what is wrong
    except ClarionError as exc:
        sys.stderr.write(f"clarion: {exc}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # `clarion ... | head` has read enough; nobody is there to be told
        return 0
    return code if isinstance(code, int) else 0
