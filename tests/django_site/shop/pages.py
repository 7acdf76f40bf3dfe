"""The pages of a small shop, written as if nothing stood in front of it."""

import json
import secrets

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

# How long the session cookie lives, in the words of the form on the home page.
LIFETIMES = {"default": None, "browser": 0, "minute": 60}


def home(request):
    session = dict(request.session)
    return render(request, "home.html", {
        "cart": session.get("cart", {}),
        "language": session.get("language", "en"),
        "languages": ["en", "de", "fr", "ja"],
        "lifetimes": LIFETIMES,
        "notes": len(session.get("notes", {})),
        "bytes": len(json.dumps(session, separators=(",", ":"))) if session else 0,
        "cookie": request.COOKIES.get("sessionid", ""),
        # Whoever stands in front of it says so, and no client can.
        "is_bound": request.headers.get("X-Session-Device") == "bound",
        "whoami": request.build_absolute_uri("/whoami"),
    })


@login_required(login_url="/login/")
def account(request):
    return render(request, "account.html")


@require_POST
def cart(request):
    cart = request.session.get("cart", {})
    article = request.POST.get("article", "tea")
    cart[article] = cart.get(article, 0) + 1
    request.session["cart"] = cart
    return redirect("/")


@require_POST
def big(request):
    """Make the session 20 KB: `text` compresses well, `random` does not and can fit no cookie."""
    if request.POST.get("kind") == "text":
        notes = {f"note {n}": f"{n} pots of tea and {n * n} biscuits. " * 20 for n in range(1, 31)}
    else:
        notes = {f"note {n}": secrets.token_urlsafe(750) for n in range(1, 21)}
    request.session["notes"] = notes
    return redirect("/")


@require_POST
def language(request):
    request.session["language"] = request.POST.get("language", "en")
    request.session.set_expiry(LIFETIMES[request.POST.get("lifetime", "default")])
    return redirect("/")
