"""Work addresses' domains, and what is left of a person whose name and address are erased."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0001_people_and_agencies"),
    ]

    operations = [
        migrations.AddField(
            model_name="agency",
            name="email_domains",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=253),
                blank=True,
                default=list,
                help_text="Domenene medarbeidernes adresser hører til, uten @. Bare de kan forplikte seg for virksomheten.",
                verbose_name="e-postdomener",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="person",
            name="opaque_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, unique=True
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at__isnull", True), models.Q(("is_active", False), ("name", "")), _connector="OR"
                ),
                name="erased_person_is_nobody",
            ),
        ),
    ]
