"""Asks the server for the manifest: over HTTPS, from one host, a little of it, for a short time."""

import http.client
import time
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import urlsplit

from assistant_app.core.text import N_
from assistant_app.core.updates import MOST_BYTES, UNREADABLE, UpdateRefused

SILENCE_S = 10.0
MOST_S = 30.0
_BLOCK_BYTES = 8192

UNREACHABLE = N_(
    "Nobody could be asked about updates ({reason}), and nothing was changed. Check the connection and try"
    " again later."
)
ELSEWHERE = N_(
    "The server for updates sends on to another place ({host}), so the check was ended and nothing was"
    " changed. Try again later."
)


class _StaysThere(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only on the same host, and never out of HTTPS."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            fp.close()
            raise UpdateRefused(ELSEWHERE, host=f"{there.scheme}://{there.netloc}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, most_s: float = MOST_S) -> bytes:
    """Return what the server has at `url`; blocks, but reads for at most `most_s` seconds.

    Proxies and certificates are those of the system. Nothing about the user or this version is sent.

    Raises UpdateRefused.
    """
    if urlsplit(url).scheme != "https":
        raise UpdateRefused(UNREACHABLE, reason=url)
    request = urllib.request.Request(
        url, headers={"User-Agent": "assistant-app", "Accept-Encoding": "identity"}
    )
    end = time.monotonic() + most_s
    try:
        # An opener of its own: the module's one remembers the proxies of its first use.
        with urllib.request.build_opener(_StaysThere).open(request, timeout=SILENCE_S) as response:
            data = b""
            while block := response.read1(_BLOCK_BYTES):
                data += block
                if len(data) > MOST_BYTES:
                    raise UpdateRefused(UNREADABLE, detail=f"more than {MOST_BYTES} bytes")
                if time.monotonic() > end:
                    raise TimeoutError("the server is too slow")
            return data
    except urllib.error.HTTPError as error:
        with error:
            raise UpdateRefused(UNREACHABLE, reason=f"HTTP {error.code}") from error
    except urllib.error.URLError as error:
        raise UpdateRefused(UNREACHABLE, reason=str(error.reason), detail=repr(error)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise UpdateRefused(UNREACHABLE, reason=reason, detail=repr(error)) from error
