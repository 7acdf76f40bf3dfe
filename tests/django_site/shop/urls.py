from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.views import serve
from django.urls import path
from django.views.decorators.cache import cache_control

from shop import pages, probes
from shop.session_store import answer

urlpatterns = [
    # What a visitor sees.
    path("", pages.home),
    path("login/", LoginView.as_view(next_page="/")),
    path("logout/", LogoutView.as_view(next_page="/")),
    path("cart/", pages.cart),
    path("big/", pages.big),
    path("language/", pages.language),
    path("account/", pages.account),
    path("static/<path:path>", cache_control(public=True, max_age=600)(serve)),
    # Where the Worker keeps records and finds sessions: docs/ORIGIN-STORE.md.
    path("session-store/<kind>/<name>", answer),
    # What the tests look at.
    path("whoami", probes.whoami),
    path("echo", probes.echo),
    path("service-worker.js", probes.service_worker),
    path("redirect", probes.redirect),
    path("redirect/away", probes.redirect_away),
    path("status/<int:code>", probes.status),
    path("many-cookies", probes.many_cookies),
    path("stream", probes.stream),
    path("plain", probes.plain),
    path("crash", probes.crash),
    path("save-and-fail", probes.save_and_fail),
    path("save-and-cache", probes.save_and_cache),
]
