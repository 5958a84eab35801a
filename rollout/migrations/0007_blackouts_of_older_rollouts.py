"""Rollouts made before the calendar had its table get the periods that new ones begin with."""

import csv
from pathlib import Path

from django.db import migrations

LIST = Path(__file__).resolve().parent.parent / "reference" / "blackouts.csv"


def fill(apps, schema_editor):
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    BlackoutPeriod = apps.get_model("rollout", "BlackoutPeriod")
    for rollout in apps.get_model("rollout", "Rollout").objects.filter(blackouts__isnull=True):
        BlackoutPeriod.objects.bulk_create(
            BlackoutPeriod(
                rollout=rollout,
                first_day=row["first_day"],
                last_day=row["last_day"],
                name=row["name"],
                hard=row["hard_or_soft"] == "hard",
                source=row["source"],
                confirmed=row["confirmed"] == "yes",
            )
            for row in rows
        )


class Migration(migrations.Migration):
    dependencies = [("rollout", "0006_ending_a_role")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
