"""An agency's wave, the wave it may be deferred to and its course are its own rollout's, whoever writes."""

from django.db import migrations, models

# A foreign key over two columns is none that Django can write yet. Deferred as Django's own are; null is held to nothing.
OWN = (
    ("wave_is_of_its_rollout", "wave_id", "rollout_wave"),
    ("deferral_wave_is_of_its_rollout", "deferral_wave_id", "rollout_wave"),
    ("course_is_of_its_rollout", "course_version_id", "rollout_courseversion"),
)


def _held(name: str, column: str, table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE rollout_placement ADD CONSTRAINT {name} FOREIGN KEY ({column}, rollout_id)"
        f" REFERENCES {table} (id, rollout_id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE rollout_placement DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("rollout", "0019_what_earlier_mail_told")]
    operations = [
        migrations.AddConstraint(
            model_name="wave",
            constraint=models.UniqueConstraint(fields=("id", "rollout"), name="a_wave_in_its_rollout"),
        ),
        migrations.AddConstraint(
            model_name="courseversion",
            constraint=models.UniqueConstraint(fields=("id", "rollout"), name="a_course_in_its_rollout"),
        ),
        *(_held(*one) for one in OWN),
    ]
