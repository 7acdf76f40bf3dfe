"""A Starlette site behind the Worker, with docs/examples/edge_session_asgi.py."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../docs/examples"))
from edge_session_asgi import EdgeSessionMiddleware  # noqa: E402
from starlette.applications import Starlette  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.responses import JSONResponse, PlainTextResponse  # noqa: E402
from starlette.routing import Route, WebSocketRoute  # noqa: E402


async def show(request):
    return JSONResponse(request.session)


async def log_in(request):
    request.session.clear()
    request.session["user"] = "7"
    return PlainTextResponse("logged in")


async def set_keys(request):
    request.session.update(await request.json())
    return PlainTextResponse("set")


async def nested(request):
    request.session["cart"]["tea"] += 1
    request.session["cart"].pop("biscuits")
    return PlainTextResponse("changed")


async def remove(request):
    request.session.pop(request.path_params["key"])
    return PlainTextResponse("removed")


async def log_out(request):
    request.session.clear()
    return PlainTextResponse("logged out")


async def odd(request):
    return JSONResponse(request.path_params["rest"])


async def chat(socket):
    await socket.accept()
    await socket.send_json(socket.session)
    await socket.close()


def post(path, endpoint):
    return Route(path, endpoint, methods=["POST"])


app = Starlette(
    routes=[
        Route("/show", show),
        post("/log-in", log_in),
        post("/set", set_keys),
        post("/nested", nested),
        post("/remove/{key}", remove),
        post("/log-out", log_out),
        Route("/odd/{rest:path}", odd),
        WebSocketRoute("/chat", chat),
    ],
    middleware=[Middleware(EdgeSessionMiddleware, keys=[os.environ["SESSION_ORIGIN_KEY"]])],
)
