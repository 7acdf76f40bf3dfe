"""An origin that speaks headers, on http.server, with docs/examples/verify_session.py."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../docs/examples"))
from verify_session import NotFromTheEdge, SessionVerifier, session_patch

verifier = SessionVerifier([os.environ["SESSION_ORIGIN_KEY"]])


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        try:
            told = verifier.verify(self.command, self.path, self.headers)
        except NotFromTheEdge as refused:
            return self.reply(403, {"refused": str(refused)})
        extra = []
        if self.path.startswith("/patch"):
            extra.append(("session-patch", session_patch(json.loads(body))))
        if self.path.startswith("/raw-patch"):
            extra.append(("session-patch", body))
        if self.path.startswith("/foreign"):
            extra.append(("set-cookie", "__Host-sessionid=planted; Path=/; Secure"))
            extra.append(("set-cookie", "theme=dark; Path=/"))
        self.reply(200, {
            "session": told.session,
            "visitor": told.visitor,
            "issued": told.issued,
            "created": told.created,
            "cookie": self.headers.get("cookie"),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }, extra)

    def reply(self, status, content, extra=()):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
