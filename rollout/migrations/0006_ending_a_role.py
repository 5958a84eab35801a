"""The history tells of roles that end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0005_the_board_and_the_calendar"),
    ]

    operations = [
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
                ],
                max_length=40,
            ),
        ),
    ]
