"""What the doctor asks the database."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _

from rollout import clock
from rollout.domain import holding
from rollout.management import app_role
from rollout.management.doctor.findings import Finding, describe, fine, warn, wrong
from rollout.models import OSLO, EmailState, OutgoingEmail, Rollout

POSTGRESQL = 18
#: Beyond it the morning's opening is late or early enough to be noticed.
DRIFT = dt.timedelta(seconds=5)
#: Mail that may leave does so within one of beat's runs.
MAIL_AT_MOST = dt.timedelta(minutes=10)
MIGRATE = "manage.py migrate"


def database() -> Iterator[Finding]:
    about = _("database")
    try:
        connection.ensure_connection()
    except Exception as error:
        yield wrong(about, describe(error), _("Start PostgreSQL, eller rett DATABASE_URL."))
        return
    version = connection.cursor().connection.info.server_version // 10_000
    if version < POSTGRESQL:
        yield warn(
            about,
            _("PostgreSQL %(version)s") % {"version": version},
            _("Oppgrader til PostgreSQL %(version)s, som Puljeplan er prøvd på.") % {"version": POSTGRESQL},
        )
    else:
        yield fine(about, _("PostgreSQL %(version)s svarer") % {"version": version})


def migrations() -> Iterator[Finding]:
    about, executor = _("migreringer"), MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    unknown = [name for name in executor.loader.applied_migrations if name not in executor.loader.disk_migrations]
    if missing:
        names = ", ".join(f"{one.app_label} {one.name}" for one, _backwards in missing[:3])
        yield wrong(
            about,
            _("%(number)s er ikke kjørt: %(names)s") % {"number": len(missing), "names": names},
            _("Kjør %(command)s.") % {"command": MIGRATE},
        )
    elif unknown:
        yield wrong(
            about,
            _("databasen er laget av en nyere utgave (%(name)s)") % {"name": " ".join(sorted(unknown)[-1])},
            _("Kjør den utgaven av Puljeplan som databasen hører til."),
        )
    else:
        yield fine(about, _("alle er kjørt"))


def grants() -> Iterator[Finding]:
    """The app must be able to do the daily work, and not to rewrite what is written once."""
    about = _("rettigheter")
    with connection.cursor() as cursor:
        cursor.execute(app_role.WRITTEN_ONCE)
        once = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' AND tgenabled = 'D'"
        )
        silenced = [name for (name,) in cursor.fetchall()]
        lacking, too_much = _rights(cursor, once)
        cursor.execute(app_role.TOO_STRONG, {"app": connection.settings_dict["USER"] or _current_user(cursor)})
        is_owner = cursor.fetchone() is not None
    again = _("Kjør %(command)s med MIGRATE_DATABASE_URL; da får appens rolle det den skal ha.") % {"command": MIGRATE}
    if silenced:
        yield wrong(
            about,
            _("vernet mot endring er slått av på %(tables)s") % {"tables": ", ".join(silenced)},
            _("Slå det på som eieren: ALTER TABLE … ENABLE TRIGGER append_only. Finn ut hvem som slo det av."),
        )
    if lacking:
        yield wrong(about, _("appens rolle mangler %(rights)s") % {"rights": "; ".join(lacking[:3])}, again)
    if is_owner and not settings.DEMO_MODE:
        yield warn(about, _("appen kjører som eieren av tabellene, og kan endre det som er skrevet for godt"), again)
    elif too_much:
        yield wrong(about, _("appens rolle kan %(rights)s") % {"rights": "; ".join(too_much[:3])}, again)
    elif not (silenced or lacking):
        yield fine(
            about,
            _("som de skal være; %(number)s tabeller er vernet mot endring") % {"number": len(once)},
        )


def _current_user(cursor) -> str:
    cursor.execute("SELECT current_user")
    return cursor.fetchone()[0]


def _rights(cursor, once: set[str]) -> tuple[list[str], list[str]]:
    """What the role lacks, and what it has and should not: "UPDATE rollout_wave"."""
    cursor.execute(
        "SELECT relname, privilege, has_table_privilege(pg_class.oid, privilege) FROM pg_class, "
        "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1, 2"
    )
    lacking, too_much = [], []
    for table, privilege, has in cursor.fetchall():
        rewrites = table in once and privilege in ("UPDATE", "DELETE", "TRUNCATE")
        if rewrites and has:
            too_much.append(f"{privilege} {table}")
        elif not (rewrites or has or privilege == "TRUNCATE"):
            lacking.append(f"{privilege} {table}")
    return lacking, too_much


def clocks() -> Iterator[Finding]:
    """Openings and the weekly status follow this machine's clock in Oslo's time; the database's must agree."""
    about = _("klokke")
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        drift = abs(cursor.fetchone()[0] - before - (timezone.now() - before) / 2)
        cursor.execute(
            "SELECT at, extract(epoch FROM at AT TIME ZONE 'Europe/Oslo' - at AT TIME ZONE 'UTC')::int "
            "FROM generate_series(now(), now() + interval '2 years', interval '7 days') AS at"
        )
        oslo = ZoneInfo("Europe/Oslo")
        apart = [at for at, seconds in cursor.fetchall() if at.astimezone(oslo).utcoffset().total_seconds() != seconds]
    now = timezone.now().astimezone(OSLO)
    if drift > DRIFT:
        yield wrong(
            about,
            _("databasens klokke og maskinens er %(seconds)s sekunder fra hverandre")
            % {"seconds": round(drift.total_seconds())},
            _("Still begge etter en tidstjener (NTP)."),
        )
    if apart:
        yield wrong(
            about,
            _("databasen og maskinen er uenige om tiden i Oslo, fra %(day)s") % {"day": apart[0].date().isoformat()},
            _("Oppdater tidssonene (tzdata) på begge."),
        )
    if not (drift > DRIFT or apart):
        yield fine(about, _("%(time)s i Oslo, enig med databasen") % {"time": f"{now:%d.%m.%Y kl. %H.%M}"})
    if settings.DEMO_MODE:
        yield fine(about, _("demoen er i %(time)s") % {"time": f"{clock.now().astimezone(OSLO):%d.%m.%Y kl. %H.%M}"})


def mail() -> Iterator[Finding]:
    """What is held, what has waited too long, what a lead has to look at."""
    about, now = _("e-post"), timezone.now()
    rollouts = list(Rollout.objects.order_by("slug"))
    held = {rollout.slug: why for rollout in rollouts if (why := holding.why_held(rollout))}
    for slug, why in held.items():
        yield warn(about, f"{slug}: {why}", _("Slipp den på siden E-post når meldingene er sett gjennom."))
    oldest = OutgoingEmail.objects.to_send(now).values_list("not_before", flat=True).first()
    if oldest is not None and now - oldest > MAIL_AT_MOST:
        yield wrong(
            about,
            _("den eldste meldingen har ventet i %(minutes)s minutter") % {"minutes": (now - oldest).seconds // 60},
            _("Se om beat og worker går, og hva e-postserveren svarer (loggen til worker)."),
        )
    for state, words in ((EmailState.UNKNOWN, _("ukjente")), (EmailState.FAILED, _("feilede"))):
        number = OutgoingEmail.objects.filter(state=state).count()
        if number:
            yield warn(
                about,
                _("%(number)s %(state)s meldinger") % {"number": number, "state": words},
                _("Avklar eller send dem på nytt på siden E-post."),
            )
    if not held and (oldest is None or now - oldest <= MAIL_AT_MOST):
        yield fine(about, _("ingen melding har ventet for lenge") if rollouts else _("ingen utrulling ennå"))
