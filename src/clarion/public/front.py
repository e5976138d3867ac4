"""The front page."""

from html import escape

from clarion.public.html import frame
from clarion.public.port import Example, Front, Readiness


def page(shown: Front, readiness: Readiness) -> str:
    """What this is, how it is, what to try."""
    version = f" {shown.version}" if shown.local else ""
    return frame(
        "Clarion",
        f"""<main class="front">
<h1>Clarion{escape(version)}</h1>
<p class="lead">One self-hosted server that speaks the event and contact APIs of five marketing vendors, keeps one
picture of every customer behind them, and acts on it.</p>
{_state(readiness, shown.local)}
{_warnings(readiness) if shown.local else ""}
{"".join(map(_example, shown.examples))}
<h2>Then</h2>
<ul>
<li><a href="/docs/">Read the docs</a>: a first event, what each vendor's door speaks, operating.</li>
<li>Ask what is wrong, if something is: <code>clarion doctor</code></li>
<li>For monitors: <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></li>
</ul>
</main>""",
    )


def _state(readiness: Readiness, local: bool) -> str:
    if readiness.ready:
        facts = ["ready", *(_work(readiness) if local else [])]
        return f'<p class="state good">{escape(", ".join(facts))}</p>'
    why = "not ready"
    if readiness.database == "down":
        why = "not ready: the database does not answer"
    elif readiness.migrations == "pending":
        why = "not ready: the database is of another version"
    return f'<p class="state bad">{why}</p>'


def _warnings(readiness: Readiness) -> str:
    return "".join(f'<p class="bad">{escape(warning)}</p>\n' for warning in readiness.warnings)


def _work(readiness: Readiness) -> list[str]:
    if not readiness.backlog:
        return ["nothing waiting"]
    age = f", the oldest for {readiness.oldest_s:.0f} s" if readiness.oldest_s is not None else ""
    return [f"{readiness.backlog:,} items waiting{age}"]


def _example(example: Example) -> str:
    return f"""<h2>Try it: {escape(example.title)}</h2>
<p>Make a key where the server runs (with its <code>--data</code>, if it was started with one):</p>
<pre><code>export CLARION_KEY=$({escape(example.key_command)})</code></pre>
<p>and send something:</p>
<pre><code>{escape(example.curl)}</code></pre>
"""
