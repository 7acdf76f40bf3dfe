"""Flask's `session` behind edge-session (SESSION_PROTOCOL = headers). Beside it: verify_session.py. Needs Flask only.

    from edge_session_flask import edge_session
    app = Flask(__name__)
    edge_session(app, [os.environ["SESSION_ORIGIN_KEY"]])    # first of all, before other before_request functions

`session`, `flash` and `session.permanent` work as always, and no SECRET_KEY is needed for them. Requests that did not come
through the Worker get 403. What is different: a key whose value is None is absent with the next request, because the
Worker is told of changes in a merge patch (RFC 7396), in which null removes.
"""

import json

from flask import abort, session
from flask.sessions import SessionInterface, SessionMixin

from verify_session import NotFromTheEdge, SessionVerifier, merge_patch, session_patch

# Says how long the browser keeps the cookie, in seconds; 0: until it is closed. The Worker reads it.
EXPIRY = "_session_expiry"


def edge_session(app, keys):
    """`keys`: the SESSION_ORIGIN_KEY, and during a rotation the other one too."""
    app.session_interface = EdgeSessionInterface(keys)
    app.before_request(_refuse_strangers)


class EdgeSession(dict, SessionMixin):
    def __init__(self, told):
        # A copy of its own, so that `before` stays what it was whatever views do to what is nested.
        super().__init__(json.loads(json.dumps(told or {})))
        self.pop(EXPIRY, None)
        self.before = told


class EdgeSessionInterface(SessionInterface):
    def __init__(self, keys):
        self._verifier = SessionVerifier(keys)

    def open_session(self, app, request):
        raw_path = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI")
        if raw_path is None:
            raise RuntimeError("the server tells no raw path: REQUEST_URI or RAW_URI")
        try:
            told = self._verifier.verify(request.method, raw_path, request.headers)
        except NotFromTheEdge:
            return None
        return EdgeSession(told.session)

    def save_session(self, app, session, response):
        if not session:
            if session.before is not None:
                response.headers["session-patch"] = session_patch(None)
            return
        seconds = int(app.permanent_session_lifetime.total_seconds()) if session.permanent else 0
        after = {**session, EXPIRY: seconds}
        patch = merge_patch(session.before or {}, after)
        if patch:
            response.headers["session-patch"] = session_patch(patch)


def _refuse_strangers():
    if not isinstance(session._get_current_object(), EdgeSession):
        abort(403)
