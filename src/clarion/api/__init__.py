"""The management API: what can be asked of an installation, as JSON under /manage/v1.

`routes` is the table, `door` what happens to a request, `nouns` what each call does, `views` how things are shown;
the command line calls the same nouns and shows the same views. A caller shows a token of the dialect `manage`,
which names a workspace and a role; no part of a request names another workspace. A route says which roles may call
it and what it takes and answers, or the server does not start. Whatever is unknown or another workspace's is the
same 404. What callers may read goes through the role that row-level security binds; retrying what stands in
quarantine and counting the ledger again are workers' work, by their role and with the workspace in every query.
"""

from clarion.api.ports import Call, Nothing, Ports, Way
from clarion.api.routes import routes

__all__ = ["Call", "Nothing", "Ports", "Way", "routes"]
