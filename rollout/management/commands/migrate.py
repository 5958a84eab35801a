from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.models.signals import pre_migrate
from django.utils.translation import gettext as _

from rollout.management import app_role
from rollout.management.going_back import refuse_lost_numbers

#: What tells one way to a database from another; how Django uses the connection stays as the settings have it.
WHERE_AND_WHO = ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


class Command(migrate.Command):
    """Django's own, run as the owner where MIGRATE_DATABASE_URL names one; then the app's role gets its grants.

    A command and no `post_migrate` hook: the owner's address is used here alone, and hooks run once for each app.
    """

    def handle(self, *args: Any, **options: Any) -> str | None:
        pre_migrate.connect(refuse_lost_numbers, sender=apps.get_app_config("rollout"))
        connection = connections[options["database"]]
        owner, app = settings.MIGRATE_DATABASE, dict(connection.settings_dict)
        if owner is None:
            return super().handle(*args, **options)
        if owner["NAME"] != app["NAME"]:
            raise CommandError(_("MIGRATE_DATABASE_URL og DATABASE_URL må gjelde samme database."))
        connection.close()
        connection.settings_dict |= {key: owner[key] for key in WHERE_AND_WHO if key in owner}
        try:
            told = super().handle(*args, **options)
            only_asks = options["plan"] or options["check_unapplied"]
            if owner["USER"] != app["USER"] and not only_asks:
                app_role.grant(connection, name=app["USER"], password=app["PASSWORD"])
                if options["verbosity"]:
                    self.stdout.write(_("Rollen %(name)s er klar.") % {"name": app["USER"]})
            return told
        finally:
            connection.close()
            connection.settings_dict |= app
