"""The agency's side: evidence files, funding as stated, requests, drafts of guidelines, employees' commitments."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_work_addresses_and_erasure"),
        ("rollout", "0007_blackouts_of_older_rollouts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_hash", models.BinaryField(max_length=32)),
                (
                    "proof",
                    models.CharField(
                        choices=[("code", "kode på e-post"), ("oidc", "personlig innlogging")], max_length=10
                    ),
                ),
                ("committed_on", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="DateRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(verbose_name="begrunnelse")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Venter på svar"),
                            ("accepted", "Godtatt"),
                            ("declined", "Avslått"),
                            ("withdrawn", "Trukket"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="svar")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="EvidenceFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="filnavn")),
                ("content_type", models.CharField(max_length=100)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("uploaded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FundingStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("licences", models.PositiveIntegerField(verbose_name="finansierte lisenser")),
                (
                    "implementation_cost_nok",
                    models.PositiveIntegerField(default=0, verbose_name="implementeringskost (kr)"),
                ),
                ("budget_reference", models.CharField(blank=True, max_length=120, verbose_name="budsjettreferanse")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("stated", "Venter på virksomhetslederen"),
                            ("approved", "Godkjent"),
                            ("replaced", "Erstattet"),
                        ],
                        max_length=20,
                    ),
                ),
                ("stated_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("question", models.TextField(blank=True, verbose_name="spørsmål fra UKE")),
                ("questioned_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="GuidelineDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(verbose_name="tekst")),
                ("based_on", models.PositiveIntegerField(default=0)),
                ("saved_at", models.DateTimeField()),
                ("revision", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="JoinRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(verbose_name="hvorfor dere vil være med")),
                ("employees", models.PositiveIntegerField(verbose_name="medarbeidere")),
                ("licences", models.PositiveIntegerField(default=0, verbose_name="finansierte lisenser")),
                (
                    "implementation_cost_nok",
                    models.PositiveIntegerField(default=0, verbose_name="implementeringskost (kr)"),
                ),
                ("budget_reference", models.CharField(blank=True, max_length=120, verbose_name="budsjettreferanse")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Venter på svar"),
                            ("accepted", "Godtatt"),
                            ("declined", "Avslått"),
                            ("withdrawn", "Trukket"),
                        ],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("answer", models.TextField(blank=True, verbose_name="svar")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="KeptCommitments",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("count", models.PositiveIntegerField()),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="courseversion",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="courseversion",
            name="note",
            field=models.TextField(blank=True, verbose_name="hva som er endret"),
        ),
        migrations.AddField(
            model_name="guidelineversion",
            name="old_counts_until",
            field=models.DateField(blank=True, null=True, verbose_name="den gamle gjelder til og med"),
        ),
        migrations.AddField(
            model_name="placement",
            name="case_number",
            field=models.CharField(blank=True, max_length=40, verbose_name="saksnummer i arkivet"),
        ),
        migrations.AddField(
            model_name="rollout",
            name="retention_months",
            field=models.PositiveSmallIntegerField(
                default=12,
                help_text="Regnet fra virksomhetens løp er avsluttet.",
                verbose_name="måneder opplysninger om personer beholdes",
            ),
        ),
        migrations.AddField(
            model_name="rollout",
            name="signers",
            field=models.CharField(
                choices=[
                    ("head", "bare virksomhetslederen"),
                    ("head_or_chief", "virksomhetslederen, kommunikasjonssjefen eller stedfortrederen"),
                ],
                default="head_or_chief",
                max_length=20,
                verbose_name="hvem signerer kjørereglene",
            ),
        ),
        migrations.AddField(
            model_name="rollout",
            name="signing_needs_oidc",
            field=models.BooleanField(
                default=False,
                help_text="En kode til en delt postkasse viser ikke hvem som signerte.",
                verbose_name="signering krever personlig innlogging",
            ),
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
                ],
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(("signers__in", ["head", "head_or_chief"])), name="signers_are_known"
            ),
        ),
        migrations.AddField(
            model_name="commitment",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
            ),
        ),
        migrations.AddField(
            model_name="commitment",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="commitments", to="rollout.guidelineversion"
            ),
        ),
        migrations.AddField(
            model_name="daterequest",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="daterequest",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="daterequest",
            name="moved_to",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="rollout.wave"
            ),
        ),
        migrations.AddField(
            model_name="daterequest",
            name="placement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="date_requests", to="rollout.placement"
            ),
        ),
        migrations.AddField(
            model_name="daterequest",
            name="wanted",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="rollout.wave"
            ),
        ),
        migrations.AddField(
            model_name="evidencefile",
            name="evidence",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="file", to="rollout.stepevidence"
            ),
        ),
        migrations.AddField(
            model_name="evidencefile",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="fundingstatement",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="fundingstatement",
            name="placement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="funding_statements", to="rollout.placement"
            ),
        ),
        migrations.AddField(
            model_name="fundingstatement",
            name="questioned_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="fundingstatement",
            name="stated_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="guidelinedraft",
            name="rollout",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="guideline_draft", to="rollout.rollout"
            ),
        ),
        migrations.AddField(
            model_name="guidelinedraft",
            name="saved_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="joinrequest",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="join_requests", to="rollout.rollout"
            ),
        ),
        migrations.AddField(
            model_name="keptcommitments",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
            ),
        ),
        migrations.AddField(
            model_name="keptcommitments",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rollout.guidelineversion"
            ),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["version", "agency"], name="commitment_by_agency"),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.UniqueConstraint(fields=("version", "person_hash"), name="committed_once_per_version"),
        ),
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.CheckConstraint(
                condition=models.Q(("proof__in", ["code", "oidc"])), name="commitment_proof_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="daterequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("placement",), name="one_open_date_request"
            ),
        ),
        migrations.AddConstraint(
            model_name="daterequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="date_request_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="daterequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "declined"), _negated=True),
                    models.Q(("answer", ""), _negated=True),
                    _connector="OR",
                ),
                name="declined_date_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="daterequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("state__in", ["accepted", "declined"]),
                    ),
                    models.Q(
                        ("answer", ""),
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                        ("state__in", ["open", "withdrawn"]),
                    ),
                    _connector="OR",
                ),
                name="date_request_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidencefile",
            constraint=models.CheckConstraint(condition=models.Q(("size__gt", 0)), name="evidence_file_is_not_empty"),
        ),
        migrations.AddConstraint(
            model_name="fundingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["stated", "approved", "replaced"])), name="funding_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingstatement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "replaced"), _negated=True),
                fields=("placement",),
                name="one_funding_statement_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="funding_approved_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "approved"), _negated=True), ("approved_at__isnull", False), _connector="OR"
                ),
                name="approved_funding_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="fundingstatement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("question", ""), ("questioned_at__isnull", True), ("questioned_by__isnull", True)),
                    models.Q(
                        models.Q(("question", ""), _negated=True),
                        ("questioned_at__isnull", False),
                        ("questioned_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="funding_question_says_what_and_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("rollout", "agency"), name="one_open_join_request"
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="join_request_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.CheckConstraint(condition=models.Q(("employees__gt", 0)), name="join_request_has_people"),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "declined"), _negated=True),
                    models.Q(("answer", ""), _negated=True),
                    _connector="OR",
                ),
                name="declined_join_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="joinrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("state__in", ["accepted", "declined"]),
                    ),
                    models.Q(
                        ("answer", ""),
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                        ("state__in", ["open", "withdrawn"]),
                    ),
                    _connector="OR",
                ),
                name="join_request_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="keptcommitments",
            constraint=models.UniqueConstraint(fields=("version", "agency"), name="kept_once_per_version_and_agency"),
        ),
    ]
