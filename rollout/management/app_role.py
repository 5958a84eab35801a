"""The database role the app runs as: it owns no table and cannot change what is written once (rule 9).

Row triggers refuse UPDATE and DELETE on those tables already, but whoever owns a table may take its trigger away. This
role may not: what it lacks it lacks by privilege.
"""

from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Identifier, Literal

# Every table that is written once carries a trigger of this name (migration 0002).
WRITTEN_ONCE = """
SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname = 'append_only' AND relnamespace = 'public'::regnamespace
"""
# Powers that go past every privilege, or become the owner's: own role, or one it is a member of.
TOO_STRONG = """
SELECT 1 FROM pg_roles WHERE rolname = %(app)s AND (
    rolsuper OR EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                        AND pg_has_role(%(app)s, relowner, 'MEMBER')))
"""
MAY_MAKE_ROLES = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {app}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {app}",
    # Tables to come: reading and adding at once, the rest when the next run has seen which of them are written once.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
)


def grant(connection: BaseDatabaseWrapper, *, name: str, password: str) -> None:
    """Make the role where there is none, and give it what it needs. As often as one likes; `connection` is the owner's.

    An owner who may make roles also sets the password; any other must find the role there.

    Raises:
        CommandError: the role is missing and cannot be made, or it could do as the owner does.
    """
    app = Identifier(name)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        there = _one(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if _one(cursor, MAY_MAKE_ROLES):
            verb = SQL("ALTER" if there else "CREATE")
            cursor.execute(SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, app, Literal(password)))
        elif not there:
            raise CommandError(
                _("Rollen %(name)s finnes ikke, og eieren kan ikke lage roller. Lag den i databasen først.")
                % {"name": name}
            )
        if _one(cursor, TOO_STRONG, {"app": name}):
            raise CommandError(
                _("Rollen %(name)s er superbruker eller har eierens rettigheter. Appen må kjøre som en svakere rolle.")
                % {"name": name}
            )
        for statement in GRANTS:
            cursor.execute(SQL(statement).format(app=app))
        cursor.execute(WRITTEN_ONCE)
        for (table,) in cursor.fetchall():
            refuse = SQL("REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {} FROM {}")
            cursor.execute(refuse.format(Identifier(table), app))


def _one(cursor: Any, question: str, values: Any = None) -> Any:
    cursor.execute(question, values)
    row = cursor.fetchone()
    return row and row[0]
