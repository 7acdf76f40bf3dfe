"""`request.session` of Starlette and FastAPI behind edge-session (SESSION_PROTOCOL = headers). Beside it: verify_session.py.

    from edge_session_asgi import EdgeSessionMiddleware
    app.add_middleware(EdgeSessionMiddleware, keys=[os.environ["SESSION_ORIGIN_KEY"]])   # instead of SessionMiddleware

For any ASGI application: the session is the dict `scope["session"]`. Requests that did not come through the Worker get
403. WebSockets can read the session, not change it. A key whose value is None is absent with the next request,
because the Worker is told of changes in a merge patch (RFC 7396), in which null removes.
"""

import json
from urllib.parse import quote

from verify_session import NotFromTheEdge, SessionVerifier, merge_patch, session_patch


class EdgeSessionMiddleware:
    def __init__(self, app, keys):
        """`keys`: the SESSION_ORIGIN_KEY, and during a rotation the other one too."""
        self._app = app
        self._verifier = SessionVerifier(keys)

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            told = self._verifier.verify(scope.get("method", "GET"), _raw_path(scope), headers)
        except NotFromTheEdge:
            return await _refuse(scope, receive, send)
        # A copy, so that the other one stays what it was whatever views do to what is nested.
        session = json.loads(json.dumps(told.session or {}))

        async def send_with_patch(message):
            if message["type"] == "http.response.start":
                patch = _patch(told.session, session)
                if patch is not None:
                    message = {**message, "headers": [*message.get("headers", []), (b"session-patch", patch)]}
            await send(message)

        await self._app({**scope, "session": session}, receive, send_with_patch)


def _patch(before, after):
    """What the Worker is told; None: nothing."""
    if not after:
        return None if before is None else session_patch(None).encode()
    patch = merge_patch(before or {}, after)
    return session_patch(patch).encode() if patch else None


def _raw_path(scope):
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope.get("query_string")
    return (path + b"?" + query if query else path).decode("latin-1")


async def _refuse(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        return await send({"type": "websocket.close", "code": 1008})
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Not through the gate.\n"})
