"""A step is evidenced by words, by a case number or by a file: one of the three is enough."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rollout", "0008_the_agencys_side")]

    operations = [
        migrations.RemoveConstraint(model_name="stepevidence", name="evidence_says_something"),
        migrations.AddField(
            model_name="stepevidence", name="by_file", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AlterField(
            model_name="stepevidence",
            name="text",
            field=models.TextField(blank=True, verbose_name="dokumentasjon"),
        ),
        migrations.AddConstraint(
            model_name="stepevidence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), _negated=True),
                    models.Q(("case_number", ""), _negated=True),
                    ("by_file", True),
                    _connector="OR",
                ),
                name="evidence_says_something",
            ),
        ),
    ]
