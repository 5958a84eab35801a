"""What a worker forecast of a plan, for the pages to show."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollout", "0013_scenarios")]

    operations = [
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_on", models.DateField()),
                ("plan_version", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("figures", models.JSONField()),
                (
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="forecasts", to="rollout.rollout"
                    ),
                ),
            ],
            options={"ordering": ["made_on", "plan_version"]},
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.UniqueConstraint(
                fields=("rollout", "made_on", "plan_version"), name="one_forecast_of_a_plan_a_day"
            ),
        ),
    ]
