"""A Flask site behind the Worker, with docs/examples/edge_session_flask.py."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs/examples"))
from edge_session_flask import edge_session  # noqa: E402
from flask import Flask, flash, get_flashed_messages, jsonify, request, session  # noqa: E402

app = Flask(__name__)
edge_session(app, [os.environ["SESSION_ORIGIN_KEY"]])


@app.get("/show")
def show():
    return jsonify(dict(session))


@app.post("/log-in")
def log_in():
    session.clear()
    session["user"] = "7"
    session.permanent = "permanent" in request.args
    flash("welcome")
    return "logged in"


@app.get("/flashed")
def flashed():
    return jsonify(get_flashed_messages())


@app.post("/set")
def set_keys():
    session.update(request.get_json())
    return "set"


@app.post("/nested")
def nested():
    """Changes what is nested, of which Flask itself sees nothing."""
    session["cart"]["tea"] += 1
    session["cart"].pop("biscuits")
    return "changed"


@app.post("/remove/<key>")
def remove(key):
    session.pop(key)
    return "removed"


@app.post("/log-out")
def log_out():
    session.clear()
    return "logged out"


@app.get("/odd/<path:rest>")
def odd(rest):
    return jsonify(rest)
