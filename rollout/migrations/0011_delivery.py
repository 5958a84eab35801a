"""The mark that a text is handed over, workers that died before it, a message sent in place of another, and the switch."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

HOME = """
INSERT INTO rollout_mailswitch (rollout_id, home, reason)
SELECT id, concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                     (SELECT timeline_id FROM pg_control_checkpoint()),
                     (SELECT oid FROM pg_database WHERE datname = current_database()),
                     'rollout_mailswitch'::regclass::oid), ''
  FROM rollout_rollout
"""
# Claims of before the mark: nobody can tell how far they came.
CLAIMED = "UPDATE rollout_outgoingemail SET data_at = claimed_at WHERE state = 'claimed'"


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0003_mail_refusals"),
        ("rollout", "0010_request_id_of_a_message"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MailSwitch",
            fields=[
                (
                    "rollout",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="mail_switch",
                        serialize=False,
                        to="rollout.rollout",
                    ),
                ),
                ("home", models.CharField(editable=False, max_length=80)),
                ("held_since", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, verbose_name="begrunnelse")),
            ],
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="data_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="resends",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="resent_as",
                to="rollout.outgoingemail",
            ),
        ),
        migrations.AddField(
            model_name="outgoingemail",
            name="takeovers",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="outgoingemail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("leaders_open", "Åpent for ledere"),
                    ("all_staff_open", "Åpent for alle"),
                    ("date_changed", "Ny dato"),
                    ("held", "Holdt tilbake"),
                    ("no_decision", "Ingen beslutning"),
                    ("weekly_status", "Ukestatus"),
                    ("invited", "Invitasjon"),
                    ("sign_receipt", "Kvittering for signatur"),
                    ("guidelines_changed", "Nye kjøreregler"),
                    ("request", "Ønske fra en virksomhet"),
                    ("answer", "Svar fra prosjektlederen"),
                    ("delivery_failed", "Levering feilet"),
                ],
                max_length=40,
            ),
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
                    ("role_ended", "rolle avsluttet"),
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
                    ("step_withdrawn", "bekreftelse av steg trukket"),
                    ("readiness_withdrawn", "klarmelding trukket"),
                    ("funding_stated", "finansiering oppgitt"),
                    ("funding_questioned", "spørsmål om finansieringen"),
                    ("date_asked", "ønske om annen dato"),
                    ("date_answered", "svar på ønske om dato"),
                    ("join_asked", "ønske om å bli med"),
                    ("join_answered", "svar på ønske om å bli med"),
                    ("course_published", "ny versjon av løpet"),
                    ("case_set", "saksnummer satt"),
                    ("person_erased", "opplysninger om en person slettet"),
                    ("retention_enforced", "sletting etter lagringstid"),
                    ("mail_held", "e-post holdt tilbake"),
                    ("mail_released", "e-post sluppet"),
                    ("message_resent", "melding sendt på nytt"),
                    ("address_corrected", "adresse rettet"),
                    ("address_tried", "adresse prøves igjen"),
                ],
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoingemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), _negated=True), ("data_at__isnull", True), _connector="OR"
                ),
                name="waiting_is_not_handed_over",
            ),
        ),
        migrations.RunSQL(HOME, migrations.RunSQL.noop),
        migrations.RunSQL(CLAIMED, migrations.RunSQL.noop),
    ]
