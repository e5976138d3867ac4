"""`clarion template`: templates of messages; lint and render need no database."""

import json as json_
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter
from msgspec.structs import asdict

from clarion import velocity
from clarion.api import Call
from clarion.api import message_views as views
from clarion.api.nouns import template
from clarion.api.ports import Nothing
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._confirm import confirmed
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_json, show_one, warn
from clarion.errors import ClarionError
from clarion.messaging import Channel, MessageClass

app = App(name="template", help="Message templates: create, list, show, preview, delete, lint, render.")

Data = Annotated[
    Path | None,
    Parameter(help="JSON object: what $data holds. Its names are variables as well, as in sends."),
]


_EVERYBODY = "any language"
_CLASSES = {True: MessageClass.TRANSACTIONAL, False: MessageClass.MARKETING}
Values = Annotated[str, Parameter(help="A JSON object, or @FILE with one.")]


class Unreadable(ClarionError):
    """A file that a command was given cannot be used."""


_COLUMNS = ("number", "name", "channel", "languages", "message_class", "topic", "version", "changed_at", "id")
Version = Annotated[int | None, Parameter(help="An older version; the newest unless said.")]


@app.command
def create(  # noqa: PLR0913  # a command's options
    name: str,
    *,
    channel: Channel = "email",
    subject: str = "",
    preheader: str = "",
    html: Annotated[Path | None, Parameter(help="A file.")] = None,
    mjml: Annotated[Path | None, Parameter(help="A file in MJML, of which the HTML is made.")] = None,
    text: Annotated[
        Path | None, Parameter(help="A file; of a mail it is made from the HTML without it.")
    ] = None,
    language: Annotated[str, Parameter(help="As `uk`; without it, for whoever has no text in theirs.")] = "",
    transactional: Annotated[
        bool | None,
        Parameter(
            negative="--marketing",
            help="A receipt: unsubscribing does not stop it. A new template is marketing, another language or version "
            "of one stays what it is.",
        ),
    ] = None,
    topic: Annotated[str | None, Parameter(help="What readers say yes and no to; '' is none.")] = None,
    retry_unknown: Annotated[
        bool | None, Parameter(help="Whether it goes out once more where nobody knows that it was sent.")
    ] = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """A new template, or the next version of the one of this name; other languages and what is not said stay."""
    wish = template.Save(
        name=name, channel=channel, language=language, subject=subject, preheader=preheader,
        html="" if html is None else _text(html), mjml="" if mjml is None else _text(mjml),
        text=None if text is None else _text(text),
        message_class=None if transactional is None else _CLASSES[transactional], topic=topic,
        retry_unknown=retry_unknown,
    )  # fmt: skip

    async def do(call: Call) -> views.Template:
        return await template.save(call, wish)

    saved = with_call(place, "template create", workspace, do)
    show_one(saved if json else _summary(saved), json=json)


@app.command(name="list")
def list_(*, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Templates, by name."""

    async def ask(call: Call) -> list[views.Template]:
        return await template.list_all(call, Nothing())

    found = with_call(place, "template list", workspace, ask)
    words = "template create hello --subject 'Hello $!profile.first_name' --html FILE"
    none = f"No templates yet; make one: {example(words, place)}"
    show_rows(found if json else [_summary(one) for one in found], _COLUMNS, json=json, none=none)


@app.command
def show(
    called: Annotated[str, Parameter(help="Its number, name or id (tpl_…).")],
    *,
    version: Version = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """A template with its texts."""

    async def ask(call: Call) -> views.Template:
        return await template.show(call, template.Version(template_id=called, version=version))

    found = with_call(place, "template show", workspace, ask)
    if json:
        show_json(found)
        return
    show_one(_summary(found), json=False)
    for tag, content in found.texts.items():
        print(f"\n[{tag or _EVERYBODY}]")
        for name, source in content.items():
            if source and not (name == "html" and content.get("mjml")):
                print(f"{name}: {source}")


@app.command
def preview(  # noqa: PLR0913  # a command's options
    called: Annotated[str, Parameter(help="Its number, name or id (tpl_…).")],
    *,
    data: Values = "",
    profile: Values = "",
    event: Values = "",
    order: Values = "",
    language: Annotated[str | None, Parameter(help="The reader's, as `uk-UA`.")] = None,
    version: Version = None,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What a reader would get of it: subject, text and HTML. Nothing is sent."""
    wish = template.Preview(
        template_id=called, version=version, language=language, data=_object("--data", data) or {},
        profile=_object("--profile", profile) or {}, event=_object("--event", event),
        order=_object("--order", order),
    )  # fmt: skip

    async def ask(call: Call) -> views.Preview:
        return await template.preview(call, wish)

    found = with_call(place, "template preview", workspace, ask)
    if json:
        show_json(found)
        return
    if found.html is None:
        print(found.text)
        return
    print(f"Subject: {found.subject}")
    if found.preheader:
        print(f"Preheader: {found.preheader}")
    print(f"\n{found.text}\n{found.html}")


@app.command
def delete(
    called: Annotated[str, Parameter(help="Its number, name or id (tpl_…).")],
    *,
    yes: Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.")] = False,
    workspace: OfWorkspace = None,
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Delete a template; refused while an automation, or a message that waits, uses it."""
    if not yes and not confirmed(f"Delete the template {called}? There is no way back. [y/N] "):
        warn("nothing was deleted")
        return 1

    async def do(call: Call) -> views.Template:
        return await template.delete(call, template.One(template_id=called))

    gone = with_call(place, "template delete", workspace, do)
    if json:
        show_json(gone)
    else:
        print(f"{gone.name} is deleted. Messages that were sent of it stay as they are.")
    return 0


@app.command
def lint(file: Path, *, data: Data = None, json: Json = False) -> int:
    """What a template reads, what is odd about it, and whether it renders; exit 1 when it cannot be used."""
    examples = [] if data is None else [_context(data)]
    known = None if data is None else examples[0]["data"].keys()
    found = velocity.lint(_text(file), known=known, examples=examples, now=datetime.now(UTC))
    findings = [*found.findings, *found.breaks.values()]
    if json:
        show_json(
            {
                "ok": found.ok,
                "reads": found.reads,
                "names": found.names,
                "findings": [vars(finding) for finding in findings],
            }
        )
    else:
        for finding in findings:
            kind = "error" if finding.error else "warning"
            print(f"{file}:{finding.line}:{finding.column}: {kind}: {finding.message}")
        print(f"reads $data: {', '.join(found.reads) or 'nothing'}")
        print(f"other names: {', '.join(found.names) or 'none'}")
    return 0 if found.ok else 1


@app.command
def render(
    file: Path,
    *,
    data: Data = None,
    escape: Annotated[
        bool, Parameter(negative="", help="Write values as HTML text, as new messages do.")
    ] = False,
    zone: Annotated[str, Parameter(help="The contact's time zone.")] = "UTC",
    json: Json = False,
) -> int:
    """What a template makes of the data."""
    try:
        contact_zone = ZoneInfo(zone)
    except (ValueError, KeyError, OSError) as exc:
        raise Unreadable(f"{zone} is not a time zone; write it as Europe/Kyiv") from exc
    context: dict[str, Any] = {"data": {}} if data is None else _context(data)
    try:
        compiled = velocity.compile(_text(file))
        text = compiled.render(context, escape=escape, now=datetime.now(UTC), zone=contact_zone)
    except velocity.VelocityError as exc:
        raise Unreadable(f"{file}: {exc}") from exc
    if json:
        show_json({"text": text})
    else:
        print(text, end="")
    return 0


def _summary(one: views.Template) -> dict[str, Any]:
    """For people: without the texts, which `show` prints below it."""
    shown = asdict(one)
    del shown["texts"]
    return shown | {"languages": ", ".join(tag or _EVERYBODY for tag in one.languages)}


def _object(option: str, given: str) -> dict[str, Any] | None:
    """What an option holds: JSON as it stands, or a file's. None: nothing."""
    if not given:
        return None
    try:
        found = json_.loads(_text(Path(given[1:])) if given.startswith("@") else given)
    except ValueError as exc:
        raise Unreadable(f'{option} is not JSON ({exc}); write it as {option} \'{{"name": "Ann"}}\'') from exc
    if not isinstance(found, dict):
        raise Unreadable(f"{option} must be a JSON object")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()  # line ends stay as they are
    except OSError as exc:
        raise Unreadable(f"{file} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise Unreadable(f"{file} cannot be read: {exc}") from exc


def _context(file: Path) -> dict[str, Any]:
    try:
        found = json_.loads(_text(file))
    except ValueError as exc:
        raise Unreadable(f"{file} is not JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise Unreadable(f"{file} must hold a JSON object")
    return {**found, "data": found}
