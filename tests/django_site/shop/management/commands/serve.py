import os

from django.contrib.auth.models import User
from django.core.management import BaseCommand, call_command


class Command(BaseCommand):
    help = "Make the database and the user ada, then serve (port 0: any free one, printed)."

    def add_arguments(self, parser):
        parser.add_argument("address", nargs="?", default="127.0.0.1:0")

    def handle(self, address, **options):
        call_command("migrate", verbosity=0)
        if not User.objects.filter(username="ada").exists():
            User.objects.create_user("ada", password="lovelace")
        os.environ["DJANGO_RUNSERVER_HIDE_WARNING"] = "true"
        # runserver takes header lines of up to 64 KB. That matters: the Cookie header that the Worker
        # rebuilds for a 20 KB session is about as long, where gunicorn (8190) or nginx (8 KB) as they
        # are installed answer 400.
        call_command("runserver", address, use_reloader=False, use_static_handler=False)
