import hashlib
import secrets

from django.http import HttpResponse, JsonResponse
from django.urls import path


def fill(request, bytes):
    """So many bytes of text that does not get shorter by compressing it."""
    request.session["text"] = secrets.token_urlsafe(bytes)[:bytes]
    return HttpResponse(digest(request))


def show(request):
    text = request.session.get("text", "")
    return JsonResponse({
        "bytes": len(text),
        "digest": digest(request),
        "absolute": request.build_absolute_uri("/reset/"),
    })


def log_out(request):
    request.session.flush()
    return HttpResponse("logged out")


def digest(request):
    return hashlib.sha256(request.session.get("text", "").encode()).hexdigest()


urlpatterns = [path("fill/<int:bytes>", fill), path("show", show), path("log-out", log_out)]
