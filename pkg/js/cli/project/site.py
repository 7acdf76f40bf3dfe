# Run by the site's own Python through `manage.py shell`: what its settings say, as one line of JSON.
import json
import os
import re
import tempfile

import django
from django.conf import settings
from django.shortcuts import resolve_url
from django.utils.encoding import force_str
from django.utils.module_loading import import_string


def writes_json():
    try:
        return json.loads(import_string(settings.SESSION_SERIALIZER)().dumps({"a": [1, "é"]})) == {"a": [1, "é"]}
    except Exception:
        return False


def login_path():
    try:
        return resolve_url(settings.LOGIN_URL)
    except Exception:
        return None


def table():
    """The table of the backends db and cached_db, and the database that it is in."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connections, router

    store = import_string(settings.SESSION_ENGINE + ".SessionStore")
    if not issubclass(store, SessionStore):
        return None
    model = store.get_model_class()
    database = connections.databases[router.db_for_write(model)]
    column = lambda name: model._meta.get_field(name).column
    return {
        "engine": database["ENGINE"],
        "name": str(database["NAME"]),
        "path": os.path.abspath(str(database["NAME"])),
        **{name.lower(): str(database.get(name) or "") for name in ["USER", "PASSWORD", "HOST", "PORT"]},
        "options": database.get("OPTIONS", {}),
        "timeZone": database.get("TIME_ZONE"),
        "table": model._meta.db_table,
        "columns": [column(name) for name in ["session_key", "session_data", "expire_date"]],
    }


def cache():
    """The cache of the backends cache and cached_db."""
    said = settings.CACHES[settings.SESSION_CACHE_ALIAS]
    location = said.get("LOCATION", "")
    return {
        "backend": said["BACKEND"],
        "locations": re.split("[;,]", location) if isinstance(location, str) else [str(one) for one in location],
        "prefix": said.get("KEY_PREFIX", ""),
        "version": said.get("VERSION", 1),
        "keyFunction": said.get("KEY_FUNCTION"),
        "options": said.get("OPTIONS", {}),
    }


def told(ask):
    try:
        return ask()
    except Exception:
        return None


print("edge-session-site " + json.dumps({
    "django": django.get_version(),
    "debug": settings.DEBUG,
    "secretKey": force_str(settings.SECRET_KEY),
    "secretKeyFallbacks": [force_str(key) for key in settings.SECRET_KEY_FALLBACKS],
    "engine": settings.SESSION_ENGINE,
    "serializer": settings.SESSION_SERIALIZER,
    "writesJson": writes_json(),
    "cookieName": settings.SESSION_COOKIE_NAME,
    "cookieDomain": settings.SESSION_COOKIE_DOMAIN,
    "cookiePath": settings.SESSION_COOKIE_PATH,
    "cookieAge": settings.SESSION_COOKIE_AGE,
    "sameSite": settings.SESSION_COOKIE_SAMESITE,
    "staticUrl": settings.STATIC_URL,
    "mediaUrl": settings.MEDIA_URL,
    "allowedHosts": list(settings.ALLOWED_HOSTS),
    "usesForwardedHost": settings.USE_X_FORWARDED_HOST,
    "proxySslHeader": settings.SECURE_PROXY_SSL_HEADER,
    "redirectsToTls": settings.SECURE_SSL_REDIRECT,
    "loginPath": login_path(),
    "sessionTable": told(table),
    "sessionCache": told(cache),
    "sessionFolder": os.path.abspath(getattr(settings, "SESSION_FILE_PATH", None) or tempfile.gettempdir()),
    "usesTimeZones": settings.USE_TZ,
}, default=str))
