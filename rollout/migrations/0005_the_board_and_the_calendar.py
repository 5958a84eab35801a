"""Undo, pins, a cap on a wave's people, the calendar's table, prices by date, and secret calendar addresses."""

import uuid

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0001_people_and_agencies"),
        ("rollout", "0004_licences_in_the_contract"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BlackoutPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField(verbose_name="første dag")),
                ("last_day", models.DateField(verbose_name="siste dag")),
                ("name", models.CharField(max_length=80, verbose_name="navn")),
                ("hard", models.BooleanField(default=False, verbose_name="hard")),
                ("source", models.CharField(blank=True, max_length=240, verbose_name="kilde")),
                ("confirmed", models.BooleanField(default=False, verbose_name="bekreftet")),
            ],
            options={
                "ordering": ["first_day", "id"],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "secret",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="LastSeen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.BigIntegerField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LicencePrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="gjelder fra")),
                (
                    "price_nok",
                    models.DecimalField(decimal_places=2, max_digits=8, verbose_name="pris per lisens per måned (kr)"),
                ),
            ],
            options={
                "ordering": ["valid_from"],
            },
        ),
        migrations.AddField(
            model_name="placement",
            name="pin_reason",
            field=models.TextField(blank=True, verbose_name="hvorfor plasseringen er låst"),
        ),
        migrations.AddField(
            model_name="planevent",
            name="change",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False
            ),
        ),
        migrations.AddField(
            model_name="planevent",
            name="undoes",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="rollout.planevent",
            ),
        ),
        migrations.AddField(
            model_name="rollout",
            name="ends_on",
            field=models.DateField(
                blank=True,
                help_text="Datoer etter denne varsles, men nektes ikke.",
                null=True,
                verbose_name="siste dag",
            ),
        ),
        migrations.AddField(
            model_name="wave",
            name="people_cap",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="tak for medarbeidere"),
        ),
        migrations.AlterField(
            model_name="planevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("joined", "lagt i kø"),
                    ("pilot_marked", "merket som pilot"),
                    ("moved", "flyttet"),
                    ("wave_added", "ny pulje"),
                    ("dates_set", "datoer satt"),
                    ("decided", "beslutning"),
                    ("deferral_chosen", "utsettelse valgt"),
                    ("leaders_opened", "åpnet for ledere"),
                    ("all_staff_opened", "åpnet for alle"),
                    ("deferred", "utsatt"),
                    ("held", "holdt tilbake"),
                    ("released", "sluppet inn"),
                    ("no_decision", "ingen beslutning"),
                    ("funding_set", "finansiering satt"),
                    ("pool_set", "lisenser i avtalen satt"),
                    ("step_confirmed", "steg bekreftet"),
                    ("step_waived", "steg fritatt"),
                    ("key_people_stated", "nøkkelpersoner oppgitt"),
                    ("guidelines_published", "kjøreregler publisert"),
                    ("signed", "kjøreregler signert"),
                    ("readiness_confirmed", "klarmelding"),
                    ("agency_imported", "virksomhet importert"),
                    ("message_settled", "melding avklart"),
                    ("role_given", "rolle gitt"),
                    ("rollout_created", "utrulling opprettet"),
                    ("rollout_edited", "utrulling endret"),
                    ("rollout_activated", "gjort til aktiv utrulling"),
                    ("withdrawn", "trukket"),
                    ("rejoined", "tilbake i køen"),
                    ("pinned", "plassering låst"),
                    ("unpinned", "plassering låst opp"),
                    ("cap_set", "tak for medarbeidere satt"),
                    ("blackout_added", "sperreperiode lagt inn"),
                    ("blackout_removed", "sperreperiode fjernet"),
                    ("agency_edited", "virksomhet endret"),
                    ("waiver_taken_back", "fritak tatt tilbake"),
                    ("price_set", "pris satt"),
                    ("feed_made", "kalenderadresse laget"),
                    ("feed_revoked", "kalenderadresse trukket tilbake"),
                ],
                max_length=40,
            ),
        ),
        migrations.AddIndex(
            model_name="planevent",
            index=models.Index(fields=["rollout", "id"], name="event_by_rollout"),
        ),
        migrations.AddIndex(
            model_name="planevent",
            index=models.Index(fields=["change"], name="event_by_change"),
        ),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.CheckConstraint(
                condition=models.Q(("pin_reason", ""), ("status__in", ["queued", "placed"]), _connector="OR"),
                name="only_a_place_is_pinned",
            ),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.CheckConstraint(
                condition=models.Q(("people_cap__isnull", True), ("people_cap__gt", 0), _connector="OR"),
                name="wave_people_cap_positive",
            ),
        ),
        migrations.AddField(
            model_name="blackoutperiod",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="blackouts", to="rollout.rollout"
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="agency",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agencies.agency",
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="calendarfeed",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="feeds", to="rollout.rollout"
            ),
        ),
        migrations.AddField(
            model_name="lastseen",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="lastseen",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rollout.rollout"
            ),
        ),
        migrations.AddField(
            model_name="licenceprice",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="licence_prices", to="rollout.rollout"
            ),
        ),
        migrations.AddConstraint(
            model_name="blackoutperiod",
            constraint=models.UniqueConstraint(fields=("rollout", "name", "first_day"), name="blackout_once"),
        ),
        migrations.AddConstraint(
            model_name="blackoutperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_day__gte", models.F("first_day"))), name="blackout_days_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="blackoutperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="blackout_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarfeed",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("rollout", "agency"),
                name="one_feed_at_a_time",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="lastseen",
            constraint=models.UniqueConstraint(fields=("person", "rollout"), name="one_last_seen_per_person"),
        ),
        migrations.AddConstraint(
            model_name="licenceprice",
            constraint=models.UniqueConstraint(fields=("rollout", "valid_from"), name="one_price_per_date"),
        ),
        migrations.AddConstraint(
            model_name="licenceprice",
            constraint=models.CheckConstraint(condition=models.Q(("price_nok__gte", 0)), name="price_not_negative"),
        ),
    ]
