"""What may keep Clarion from running on this machine, each with what to do about it. Changes nothing.

`examine` is the way in; printing is the command line's. The checks read downwards: this Python and user, the
data folder, the embedded PostgreSQL or the one that a URL names, the port.
"""

from clarion.doctor import database, embedded, folder, port, sending, user
from clarion.doctor.finding import Finding, Subject

__all__ = ["Finding", "Subject", "examine"]


async def examine(subject: Subject) -> list[Finding]:
    """Look at everything; never raises for what it finds. Takes a second, ten where a database does not
    answer.
    """
    findings = [*user.look(), *folder.look(subject)]
    if subject.database_url:
        findings += await database.look(subject.database_url, subject)
    else:
        findings += [*embedded.look(subject), *await sending.look_embedded(subject)]
    return [*findings, *port.look(subject)]
