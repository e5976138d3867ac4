"""The worker's side: blocks are settled, messages go out, the house is kept."""

import asyncio
from functools import partial

from clarion import accounts, automations, db, events, jobs, messaging, profiles
from clarion.app.acting import listeners, planner
from clarion.app.backups import LOOK_EVERY_S, back_up
from clarion.app.beside import keep_clock, keep_heartbeat, listen
from clarion.app.handlers import handlers
from clarion.app.rooms import rooms
from clarion.config import Settings
from clarion.db import Addresses
from clarion.events import Lanes

CONNECTIONS = 8
_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S


async def worker(settings: Settings, addresses: Addresses, stop: asyncio.Event) -> None:
    """Settle blocks and keep the house until `stop`; the transaction at hand is finished first."""
    async with rooms(settings, addresses, app=0, owner=CONNECTIONS) as opened:
        woken, jobs_woken = asyncio.Event(), asyncio.Event()
        runs_woken, sends_woken = asyncio.Event(), asyncio.Event()
        schedule = [
            jobs.Task("partitions", every_s=_HOUR_S, run=db.keep_partitions),
            jobs.Task(
                "old blocks",
                every_s=_HOUR_S,
                run=partial(events.drop_old_blocks, keep_days=settings.journal_keep_days),
            ),
            jobs.Task(
                "old keys",
                every_s=_DAY_S,
                run=partial(
                    events.drop_old_keys,
                    keep_days=settings.keys_keep_days,
                    now_us=opened.database.now_us,
                    stop=stop,
                ),
            ),
            jobs.Task(
                "old events",
                every_s=_HOUR_S,
                run=partial(events.drop_old_events, keep_months=settings.timeline_keep_months),
            ),
            jobs.Task(
                "old changes",
                every_s=_HOUR_S,
                run=partial(profiles.drop_old_changes, keep_months=settings.changes_keep_months),
            ),
            jobs.Task(
                "old use",
                every_s=_HOUR_S,
                run=partial(accounts.drop_old_use, now_us=opened.database.now_us),
            ),
            jobs.Task(
                "old messages",
                every_s=_HOUR_S,
                run=partial(
                    messaging.drop_old_messages,
                    keep_days=settings.messages_keep_days,
                    now_us=opened.database.now_us,
                    stop=stop,
                ),
            ),
        ]
        if settings.backup_every_hours:
            run = partial(back_up, settings=settings)
            schedule.append(jobs.Task("backup", every_s=LOOK_EVERY_S, run=run))
        lanes = Lanes(opened.database, opened.vaults, opened.ids, listeners(opened.database.now_us))
        runner = automations.Runner(
            opened.database, opened.vaults, opened.ids, planner(opened.vaults, opened.ids)
        )
        queue = jobs.Queue(opened.database, handlers(opened.vaults, opened.ids), opened.ids)
        delivery = messaging.Delivery(
            opened.database, opened.vaults, opened.ids, opened.providers,
            links=messaging.Links(settings.links_url),
        )  # fmt: skip
        beside = [
            asyncio.create_task(listen(addresses.owner, messaging.WORK, sends_woken.set, stop)),
            asyncio.create_task(delivery.work(stop, sends_woken)),
            asyncio.create_task(listen(addresses.owner, jobs.WORK, jobs_woken.set, stop)),
            asyncio.create_task(queue.work(stop, jobs_woken)),
            asyncio.create_task(listen(addresses.owner, automations.WORK, runs_woken.set, stop)),
            asyncio.create_task(runner.work(stop, runs_woken)),
            asyncio.create_task(listen(addresses.owner, events.WORK, woken.set, stop)),
            asyncio.create_task(jobs.run_schedule(schedule, opened.database, stop)),
            asyncio.create_task(keep_clock(opened.database, stop)),
            asyncio.create_task(keep_heartbeat(opened.database, stop)),
        ]
        try:
            await lanes.work(stop, woken)
        finally:
            stop.set()
            await asyncio.gather(*beside, return_exceptions=True)
