import os
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg.sql import SQL, Identifier, Literal

from rollout.domain.refusals import Refused
from rollout.management.base import PlanCommand

# Every table that is written once carries a trigger of this name (migration 0002).
WRITTEN_ONCE = "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = 'append_only'"


class Command(PlanCommand):
    help = gettext_lazy(
        "Lager databaserollen som appen kjører som: den eier ingen tabeller og kan ikke endre det som skrives én gang. "
        "Kjøres av eieren etter hver migrering. Passordet leses fra APP_DATABASE_PASSWORD."
    )
    about_rollout = False

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NAME", help=_("navnet på rollen"))

    def run(self, *, name: str, **options: Any) -> None:
        password = os.environ.get("APP_DATABASE_PASSWORD")
        if not password:
            raise Refused([_("APP_DATABASE_PASSWORD er ikke satt: sett den til rollens passord.")])
        role = Identifier(name)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            verb = SQL("ALTER" if cursor.fetchone() else "CREATE")
            cursor.execute(SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, Literal(password)))
            cursor.execute(WRITTEN_ONCE)
            written_once = [Identifier(table) for (table,) in cursor.fetchall()]
            for statement in (
                SQL("GRANT USAGE ON SCHEMA public TO {}"),
                SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}"),
                SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}"),
            ):
                cursor.execute(statement.format(role))
            for table in written_once:
                cursor.execute(SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(table, role))
        self.stdout.write(_("Rollen %(name)s er klar.") % {"name": name})
