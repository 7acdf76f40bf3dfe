"""A session store for edge-session in a Django site: docs/ORIGIN-STORE.md. One file, no model.

    # urls.py
    from session_store import answer
    urlpatterns += [path("session-store/<kind>/<name>", answer)]

    # settings.py
    EDGE_SESSION_STORE_KEYS = [os.environ["SESSION_ORIGIN_STORE_KEY"]]

Records go into the cache "sessions" of CACHES, or "default": a database table, Redis, Memcached (with items of
1.1 MB allowed) or files. All processes must share it, and it must not evict what has not expired. A cache cannot
compare and swap, so no heads are kept: of two changes at once the last one wins.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import caches
from django.core.cache.backends.base import InvalidCacheBackendError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

try:
    from django.contrib.auth.decorators import login_not_required
except ImportError:  # Django before 5.1, which has no LoginRequiredMiddleware

    def login_not_required(view):
        return view


# Seconds that the clocks may differ and a request may take.
TOLERANCE = 60
# The longest record in its frame, and the longest body: the frame in base64url, and a head.
MAX_BYTES = 8 + 1024 * 1024 + 1024
MAX_BODY = (MAX_BYTES + 2) // 3 * 4 + 16 * 1024
NAME = re.compile(r"[A-Za-z0-9_-]{32}")
SESSION_KEY = re.compile(r"[a-z0-9]{32}")


@login_not_required  # The Worker shows a key instead.
@csrf_exempt
def answer(request, kind, name):
    """One request of the Worker's, whatever it is about."""
    body = request.read(MAX_BODY + 1)
    given = request.headers.get("x-store-mac", "")
    at = request.headers.get("x-store-time", "")
    key = _key_of(given, request, at, body)
    if key is None or not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE:
        # No MAC in the answer: whoever asks has shown no key.
        return HttpResponse(status=403)
    status, content = _answer(request.method, kind, name, body)
    response = HttpResponse(content, status=status, content_type="application/octet-stream")
    message = f"edge-session-store/1 answer\n{given}\n{status}\n".encode() + content
    response["x-store-mac"] = _mac(key, message)
    response["cache-control"] = "no-store"
    return response


def _answer(method, kind, name, body):
    if kind == "django-sessions" and SESSION_KEY.fullmatch(name):
        return _django_session(method, name, body)
    if kind == "heads" and method == "PUT" and NAME.fullmatch(name):
        return _commit(body)
    if kind not in ("records", "revocations") or not NAME.fullmatch(name):
        return 404, b""
    key = f"edge-session-{name}"
    if method == "GET":
        kept = _cache().get(key)
        return (404, b"") if kept is None else (200, kept)
    if method == "PUT":
        if not 8 <= len(body) <= MAX_BYTES:
            return 413, b""
        # The frame begins with when the record expires, in seconds since 1970.
        life = int.from_bytes(body[:8], "big") - time.time()
        _cache().set(key, body, timeout=min(max(life, 1), 400 * 24 * 3600))
        return 204, b""
    if method == "DELETE":
        _cache().delete(key)
        return 204, b""
    return 405, b""


def _commit(body):
    """A save, all of it but the head's move: 404 for whatever else is asked of heads, of which none are kept."""
    try:
        ask = json.loads(body)
        record, listed = ask.get("record"), [str(name) for name in ask.get("listed", [])]
        frame = record and base64.urlsafe_b64decode(str(record["frame"]) + "==")
        names = listed + [str(record["name"])] if record else listed
    except (ValueError, TypeError, KeyError, AttributeError):
        return 400, b""
    if ask.get("ask") != "commit":
        return 404, b""
    if not all(NAME.fullmatch(name) for name in names):
        return 400, b""
    if record:
        status, _ = _answer("PUT", "records", record["name"], frame)
        if status != 204:
            return status, b""
    kept = [_cache().get(f"edge-session-{name}") for name in listed]
    told = [frame and base64.urlsafe_b64encode(frame).rstrip(b"=").decode() for frame in kept]
    return 200, json.dumps({"outcome": "saved", "compared": False, "listed": told}).encode()


def _django_session(method, key, body):
    """The site's own sessions, in whichever backend: they go through Django's SessionStore."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    if method == "DELETE":
        session.delete()
        return 204, b""
    now = session.load()
    # It answers a key that it does not know by forgetting the key.
    if session.session_key is None:
        return 404, b""
    if method == "GET":
        expires = int(session.get_expiry_date().timestamp())
        return 200, json.dumps({"data": session.encode(now), "expires": expires}).encode()
    if method == "PUT":
        try:
            before, after = (session.decode(str(json.loads(body)[name])) for name in ("from", "to"))
        except (ValueError, TypeError, KeyError):
            return 400, b""
        if before != now:
            return 409, b""
        # What does not verify decodes as an empty session, and an empty one is never written.
        if not after:
            return 400, b""
        session.update(after)
        for gone in now.keys() - after.keys():
            del session[gone]
        try:
            session.save()
        except UpdateError:
            return 404, b""
        return 204, b""
    return 405, b""


def _key_of(given, request, at, body):
    head = f"edge-session-store/1 request\n{request.method}\n{request.path}\n{at}\n"
    for text in settings.EDGE_SESSION_STORE_KEYS:
        key = _mac_key(text)
        if hmac.compare_digest(_mac(key, head.encode() + body).encode(), given.encode()):
            return key
    return None


def _mac_key(text):
    """HKDF-SHA256, RFC 5869: salt "edge-session/v1", info "origin-mac", 32 bytes."""
    secret = text.removeprefix("es1_")
    secret = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    prk = hmac.digest(b"edge-session/v1", secret, hashlib.sha256)
    return hmac.digest(prk, b"origin-mac\x01", hashlib.sha256)


def _mac(key, message):
    mac = hmac.digest(key, message, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _cache():
    try:
        return caches["sessions"]
    except InvalidCacheBackendError:
        return caches["default"]
