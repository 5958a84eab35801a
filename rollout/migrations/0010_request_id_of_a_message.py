"""The request or task that wrote a message, for finding it in the logs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0009_evidence_in_one_of_three_ways"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingemail",
            name="request_id",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
