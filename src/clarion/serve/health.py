"""Ask our own HTTP server whether it answers."""

import http.client
import ssl
from urllib.parse import urlsplit

from clarion.config import Settings

_TIMEOUT_S = 0.2


def answers(settings: Settings) -> bool:
    """Whether GET /healthz is answered with 200 now; waits at most a moment."""
    url = urlsplit(settings.base_url)
    assert url.hostname
    if url.scheme == "https":
        # Whose certificate it is does not matter: it is our own server, on our own socket.
        context = ssl._create_unverified_context()  # noqa: S323
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=_TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
