# Run by the site's own Python through `manage.py shell`: what its settings say, as one line of JSON.
import json

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
}))
