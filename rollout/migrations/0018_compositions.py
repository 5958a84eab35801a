"""A question to the composer: one at a time, ended in a scenario."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0017_announcing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Composition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wishes", models.JSONField()),
                ("plan_version", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Venter"),
                            ("running", "Regner"),
                            ("done", "Ferdig"),
                            ("infeasible", "Går ikke opp"),
                            ("cancelled", "Avbrutt"),
                            ("failed", "Mislyktes"),
                        ],
                        default="queued",
                        max_length=20,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("alive_at", models.DateTimeField()),
                ("best", models.BigIntegerField(blank=True, null=True)),
                ("bound", models.BigIntegerField(blank=True, null=True)),
                ("findings", models.JSONField(blank=True, default=dict)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="compositions", to="rollout.rollout"
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="rollout.scenario",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["queued", "running", "done", "infeasible", "cancelled", "failed"])
                        ),
                        name="composition_state_is_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("rollout",),
                        name="one_composition_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state__in", ["queued", "running"])),
                            models.Q(
                                models.Q(("state__in", ["queued", "running"]), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="composition_that_ended_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scenario__isnull", True), ("state", "done"), _connector="OR"),
                        name="only_a_finished_composition_has_a_scenario",
                    ),
                ],
            },
        ),
    ]
