"""What anybody may open: the front page, the docs, and what monitors ask.

    GET /                        what this is, whether it is ready, what to try
    GET /docs/…                  the project's docs/, one page per Markdown file
    GET /docs/<dialect>          every call of a vendor's door, and the same at …/openapi.json
    GET /healthz                 200 while the process answers at all
    GET /readyz                  200 while requests can be served, else 503; why, as JSON
    GET /metrics                 Prometheus
    /p/unsubscribe, /p/subscribe, /p/preferences
                                 where readers of messages answer, by signed links; a GET never acts
    GET /p/open, /p/click        that a message was opened, a link in it followed
    POST /p/reports              what gateways tell later, signed

Nothing here is signed in to, so nothing here tells a key, a name of a workspace or, to other machines than
this one, the version. Pages carry no script and load nothing: their one style is in the page, allowed by
its hash. `port` is what the composition root provides; `routes` makes the Starlette routes of it.
"""

from clarion.public.port import Answering, Disk, Example, Front, Readiness
from clarion.public.routes import method_not_allowed, not_found, routes

__all__ = ["Answering", "Disk", "Example", "Front", "Readiness", "method_not_allowed", "not_found", "routes"]
