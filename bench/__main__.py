"""`./run bench`: lists the benches; `./run bench NAME` runs one."""

import sys

from cyclopts import App, CycloptsError

#: Name -> where it is, and its line in the list.
BENCHES = {
    "ingest": (
        "bench.ingest:ingest",
        "Accept and process events: rates, latencies, CPU, memory, disk, ratios.",
    ),
    "fairness": (
        "bench.fairness:fairness",
        "What a flooding workspace costs another one's single events.",
    ),
    "latency": (
        "bench.latency:latency",
        "What callers and the timeline wait for below the limit; what an idle server uses.",
    ),
    "growth": (
        "bench.growth:growth",
        "The same rates with none, one and ten million events stored.",
    ),
    "profile": (
        "bench.profile:profile",
        "Where the microseconds of an event go: tables by stage, and flame graphs.",
    ),
    "doors": (
        "bench.doors:doors",
        "What an event costs at each vendor's door, single and in a batch.",
    ),
    "send": (
        "bench.send:send",
        "Mails a second through SMTP, beside a bare loop.",
    ),
    "reaction": (
        "bench.reaction:reaction",
        "What a mail waits for that an event begins.",
    ),
    "velocity": (
        "bench.velocity:velocity",
        "Templates: renders a second of an order mail, beside airspeed.",
    ),
}

app = App(
    name="bench", help="What Clarion costs on this machine.", version_flags=[], result_action="return_value"
)
for _name, (_where, _help) in BENCHES.items():
    app.command(_where, name=_name, help=_help)


def main() -> int:
    """Run one bench; returns the exit code."""
    try:
        code = app(exit_on_error=False)
    except CycloptsError:
        return 2  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
