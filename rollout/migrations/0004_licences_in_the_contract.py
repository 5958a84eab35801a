"""Setting how many licences the contract has is an event of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0003_licences_and_signatures"),
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
                    ("rollout_created", "utrulling opprettet"),
                ],
                max_length=40,
            ),
        ),
    ]
