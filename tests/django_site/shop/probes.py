"""Answers that let a test see what arrived here, and that are awkward to pass on."""

import hashlib
import json
import time

from django.http import (
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.views.decorators.csrf import csrf_exempt


def whoami(request):
    """The session as Django sees it, and the request as it arrived."""
    session = dict(request.session)
    text = json.dumps(session, separators=(",", ":"))
    header = request.META.get("HTTP_COOKIE", "")
    return JsonResponse({
        "user": request.user.get_username() or None,
        "keys": list(session),
        "cart": session.get("cart", {}),
        "language": session.get("language"),
        "bytes": len(text),
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "cookie": header,
        # Every one, where request.COOKIES would keep the last only.
        "sessions": [
            pair.strip().partition("=")[2]
            for pair in header.replace(",", ";").split(";")
            if pair.strip().startswith("sessionid=")
        ],
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "method": request.method,
        "path": request.get_full_path(),
    })


@csrf_exempt
def echo(request):
    """The request's body as it comes in."""
    chunks = iter(lambda: request.read(64 * 1024), b"")
    return StreamingHttpResponse(chunks, content_type=request.content_type or "text/plain")


def redirect(request):
    return HttpResponseRedirect("/whoami?after=redirect")


def redirect_away(request):
    return HttpResponseRedirect("https://example.org/away?a=1&b=%20#there")


@csrf_exempt
def status(request, code):
    response = HttpResponse("" if code in (204, 304) else f"status {code}\n", status=code)
    response["X-Answered-By"] = "django"
    return response


def many_cookies(request):
    response = HttpResponse("cookies\n")
    response.set_cookie("theme", "dark", max_age=3600)
    response.set_cookie("currency", "EUR", path="/cart/", samesite="Strict")
    response.set_cookie("seen", "tea cups", httponly=True)
    response.delete_cookie("old")
    return response


def stream(request):
    """Five lines, one every 300 ms."""
    def lines():
        for number in range(1, 6):
            yield f"line {number}\n"
            time.sleep(0.3)

    return StreamingHttpResponse(lines(), content_type="text/plain")


def plain(request):
    """Looks at no session: Django adds neither Vary nor Cache-Control."""
    return HttpResponse("plain\n", content_type="text/plain")


def crash(request):
    raise RuntimeError("this page always fails")


def save_and_fail(request):
    """Django does not save a session on a 500."""
    request.session["lost"] = "changed on a 500"
    return HttpResponse("failed\n", status=500)


def save_and_cache(request):
    """Sets the session cookie on a response that asks to be cached by everybody."""
    request.session["careless"] = time.time_ns()
    return HttpResponse("saved\n", headers={"Cache-Control": "public, max-age=600"})


def service_worker(request):
    """A service worker that asks who it is, and tells the page."""
    script = """self.onmessage = async ({ source }) => {
  const answer = await fetch("/whoami");
  source.postMessage(answer.ok ? (await answer.json()).user : answer.status);
};
self.oninstall = () => self.skipWaiting();
self.onactivate = event => event.waitUntil(clients.claim());
"""
    return HttpResponse(script, content_type="text/javascript")
