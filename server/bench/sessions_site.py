"""A Django site with nothing in it but sessions in its database: what scripts/bench-server.sh compares with.

    sessions_site.py DATABASE BYTES     makes the tables and a session of so many bytes, and prints its key

DATABASE is an SQLite file, or postgres://user@host:port/name.
"""

import os
import secrets
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def database(address):
    if address.startswith("postgres://"):
        at = urlsplit(address)
        place = {"NAME": at.path[1:], "USER": at.username, "HOST": at.hostname, "PORT": at.port}
        return {"ENGINE": "django.db.backends.postgresql", **place}
    options = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", "transaction_mode": "IMMEDIATE"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": address, "OPTIONS": options}


settings.configure(
    SECRET_KEY="bench-" + "k" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    DATABASES={"default": {"CONN_MAX_AGE": None, **database(os.environ.get("BENCH_DATABASE") or sys.argv[1])}},
)


def read(request):
    return HttpResponse(str(len(request.session["pad"])))


def save(request):
    request.session["pad"] = request.session["pad"][:-6] + secrets.token_hex(3)
    return HttpResponse(b"saved")


urlpatterns = [path("", read), path("save", save)]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    session = SessionStore()
    # Random, because Django compresses what it keeps.
    session["pad"] = secrets.token_urlsafe(int(sys.argv[2]) * 3 // 4)
    session.create()
    print(session.session_key)
