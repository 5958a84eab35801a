"""Another plan than today's, written down; and a wave whose making is undone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0012_what_is_told_and_reviewed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Scenario",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="navn")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("what_if", "Hva om"), ("proposal", "Forslag"), ("baseline", "Referanseplan")],
                        max_length=20,
                        verbose_name="formål",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Åpent"), ("adopted", "Tatt i bruk"), ("dropped", "Forkastet")],
                        default="open",
                        max_length=20,
                    ),
                ),
                ("base_version", models.BigIntegerField()),
                ("places", models.JSONField()),
                ("dates", models.JSONField()),
                ("base_places", models.JSONField()),
                ("base_dates", models.JSONField()),
                ("explanation", models.JSONField(blank=True, default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="wave",
            name="wave_number_once_per_rollout",
        ),
        migrations.AddField(
            model_name="wave",
            name="removed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("rollout", "number"),
                name="wave_number_once_per_rollout",
            ),
        ),
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.CheckConstraint(
                condition=models.Q(("removed_at__isnull", True), ("state", "planned"), _connector="OR"),
                name="only_an_unopened_wave_is_removed",
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="made_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="scenario",
            name="rollout",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="scenarios", to="rollout.rollout"
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["what_if", "proposal", "baseline"])),
                name="scenario_purpose_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True), ("state", "open")),
                    models.Q(("ended_at__isnull", False), ("state__in", ["adopted", "dropped"])),
                    _connector="OR",
                ),
                name="scenario_that_ended_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="scenario_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "baseline"), ("state", "open")),
                fields=("rollout",),
                name="one_baseline_per_rollout",
            ),
        ),
        migrations.AddConstraint(
            model_name="scenario",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose", "baseline"), ("state", "adopted"), _negated=True),
                name="a_baseline_is_not_adopted",
            ),
        ),
    ]
