import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

pages = get_asgi_application()


async def application(scope, receive, send):
    """The pages, and a WebSocket that says how long the Cookie header was."""
    if scope["type"] == "http":
        await pages(scope, receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        cookie = dict(scope["headers"]).get(b"cookie", b"")
        await send({"type": "websocket.send", "text": str(len(cookie))})
        while (await receive())["type"] != "websocket.disconnect":
            pass
