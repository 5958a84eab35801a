"""What a worker has forecast of a scenario."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0016_reminders_and_choices"),
    ]

    operations = [
        migrations.AddField(
            model_name="scenario",
            name="forecast",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
