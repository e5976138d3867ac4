"""`clarion job`: what is done in the background."""

from typing import Annotated

from cyclopts import App, Parameter

from clarion import errors
from clarion.api import Call, views
from clarion.api.nouns import job
from clarion.cli._call import OfWorkspace, example, with_call
from clarion.cli._options import HERE, Json, Place
from clarion.cli._print import show as show_rows
from clarion.cli._print import show_one

app = App(name="job", help="Jobs: what waits to be done in the background, and what failed.")

_COLUMNS = ("id", "kind", "state", "attempts", "done", "run_at", "last_error")


@app.command(name="list")
def list_(
    *,
    workspace: OfWorkspace = None,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What waits, runs or has failed, oldest first. A job that is done leaves nothing."""
    if limit < 1:
        raise errors.Invalid("--limit is 1 or more")

    async def ask(call: Call) -> list[views.WaitingJob]:
        return await job.list_all(call, job.List(limit=limit))

    found = with_call(place, "job list", workspace, ask)
    if not found and not json:
        print("No job waits, and none has failed.")
        return
    show_rows(found, _COLUMNS, json=json)
    failed = next((one for one in found if one.state == "failed"), None)
    if failed and not json:
        print(f"\nLet one run again: {example(f'job retry {failed.id}', place)}")


@app.command
def retry(job_id: str, *, workspace: OfWorkspace = None, place: Place = HERE, json: Json = False) -> None:
    """Let a failed job (job_…) run again, from its first attempt; a worker takes it."""

    async def do(call: Call) -> views.WaitingJob:
        return await job.retry(call, job.One(job_id))

    show_one(with_call(place, "job retry", workspace, do), json=json)
