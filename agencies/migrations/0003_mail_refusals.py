"""Whose address the mail server refuses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0002_work_addresses_and_erasure"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="mail_refusal",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="person",
            name="mail_refused_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
