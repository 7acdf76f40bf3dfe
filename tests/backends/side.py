"""Django's side of server/tests/django.rs: its own session backends, asked line by line.

    side.py '{"engine": …, "database": …, "cache": …, "files": …, "table": …}'

Each line of standard input is one request in JSON, each line of standard output its answer.
"""

import json
import sys
from importlib import import_module

import django
from django.conf import settings

said = json.loads(sys.argv[1])
if "mysql" in said.get("database", {}).get("ENGINE", ""):
    import pymysql

    pymysql.install_as_MySQLdb()

settings.configure(
    SECRET_KEY=said["secret"],
    USE_TZ=True,
    TIME_ZONE="Asia/Kolkata",
    INSTALLED_APPS=["django.contrib.sessions"],
    DATABASES={"default": said["database"]} if "database" in said else {},
    CACHES={"default": said["cache"]} if "cache" in said else {},
    SESSION_ENGINE=said["engine"],
    SESSION_FILE_PATH=said.get("files"),
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
if "database" in said:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)

if "table" in said:
    from django.contrib.sessions.base_session import AbstractBaseSession
    from django.db import connection, models

    class ShopSession(AbstractBaseSession):
        """A site's own table, with names of its own."""

        session_key = models.CharField(max_length=40, primary_key=True, db_column="name")
        session_data = models.TextField(db_column="content")
        expire_date = models.DateTimeField(db_index=True, db_column="until")

        class Meta:
            app_label = "sessions"
            db_table = said["table"]

    with connection.schema_editor() as editor:
        editor.create_model(ShopSession)

    class SessionStore(SessionStore):  # noqa: F811
        @classmethod
        def get_model_class(cls):
            return ShopSession


def answer(ask):
    session = SessionStore(ask.get("key"))
    if ask["do"] == "write":
        session.update(ask["session"])
        session.save()
        return session.session_key
    if ask["do"] == "read":
        read = session.load()
        return None if session.session_key is None else read
    if ask["do"] == "sign":
        return session.encode(ask["session"])
    raise ValueError(ask["do"])


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
