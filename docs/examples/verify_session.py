"""Verifies what edge-session tells an origin (SESSION_PROTOCOL = headers). Standard library only.

    from verify_session import SessionVerifier
    verifier = SessionVerifier([os.environ["SESSION_ORIGIN_KEY"]])
    told = verifier.verify(request.method, raw_path, request.headers)
    told.session      # a dict, or None for a visitor without a session
    told.visitor      # "anonymous", "known", "fresh"; "" on public routes

`raw_path` is path and query as they stand in the request line. No framework calls it that: with WSGI (Flask, Django) it is
`REQUEST_URI` of the environment, or `RAW_URI` (gunicorn); with ASGI (Starlette, FastAPI) `scope["raw_path"]` and, if there is one, `?` and
`scope["query_string"]`. `edge_session_flask.py` and `edge_session_asgi.py` do all of it. Raises NotFromTheEdge for every
request that did not come through the Worker, was meant for another path, or is too old.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

# Seconds that the clocks may differ and a request may take.
TOLERANCE = 60


class NotFromTheEdge(Exception):
    """Nobody vouches for this request."""


@dataclass(frozen=True)
class Told:
    session: dict | None
    visitor: str
    issued: int | None
    created: int | None


class SessionVerifier:
    def __init__(self, keys):
        """`keys`: the SESSION_ORIGIN_KEY, and during a rotation the other one too."""
        self._keys = [_mac_key(key) for key in keys]

    def verify(self, method, raw_path, headers):
        def header(name):
            return headers.get(name) or ""

        at, visitor = header("x-session-time"), header("x-session-class")
        issued, created = header("x-session-issued"), header("x-session-created")
        text = header("x-session")
        message = "\n".join(
            ["edge-session/1", method, raw_path, at, visitor, issued, created, text]
        )
        given = header("x-session-mac").encode()
        if not any([hmac.compare_digest(_mac(key, message), given) for key in self._keys]):
            raise NotFromTheEdge("wrong MAC")
        if abs(time.time() - int(at)) > TOLERANCE:
            raise NotFromTheEdge("wrong time")
        if not text:
            return Told(None, visitor, None, None)
        session = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Told(session, visitor, int(issued), int(created))


def session_patch(patch):
    """The value of the response header session-patch: a JSON merge patch, or None to log out."""
    return base64.urlsafe_b64encode(json.dumps(patch).encode()).decode().rstrip("=")


def merge_patch(before, after):
    """What makes `after` of `before`, as a JSON merge patch (RFC 7396). None cannot be said: there it removes."""
    patch = {name: None for name in before.keys() - after.keys()}
    for name, value in after.items():
        old = before.get(name)
        if value is None and old is None:
            continue
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := merge_patch(old, value):
                patch[name] = inner
        elif name not in before or json.dumps(old) != json.dumps(value):
            patch[name] = value
    return patch


def _mac_key(text):
    if not text.startswith("es1_"):
        raise ValueError("a key begins with es1_")
    secret = base64.urlsafe_b64decode(text[4:] + "=")
    if len(secret) != 32:
        raise ValueError("a key is es1_ and the base64url of 32 bytes")
    # HKDF-SHA256 (RFC 5869) for one block: extract, then expand.
    extracted = hmac.digest(b"edge-session/v1", secret, hashlib.sha256)
    return hmac.digest(extracted, b"origin-mac\x01", hashlib.sha256)


def _mac(key, message):
    digest = hmac.digest(key, message.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=")
