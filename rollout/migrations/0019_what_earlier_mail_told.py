"""Mail from before `told` was kept says where its agencies stand, so that a moved all-staff date is told of (rule 10).

Until then a date was corrected the moment it moved: what the last message named is what the plan has now. Only waves
whose leaders have access and whose staff wait had been told of a date ahead.
"""

from django.db import migrations
from django.db.models import Q

TOLD_OF_OPENINGS = ("agency_head", "communication_chief", "key_person")


def tell(apps, schema_editor):
    models = {name: apps.get_model("rollout", name) for name in ("Wave", "Placement", "OutgoingEmail")}
    for wave in models["Wave"].objects.filter(state="leaders_open"):
        dates = {"leaders_on": wave.leaders_on.isoformat(), "all_staff_on": wave.all_staff_on.isoformat()}
        place = {"wave": wave.number} | dates
        placements = models["Placement"].objects.filter(
            wave=wave, leaders_access_at__isnull=False, all_staff_access_at=None
        )
        slugs = dict(placements.values_list("agency", "agency__slug"))
        roles = apps.get_model("agencies", "Role").objects.filter(agency__in=slugs, until=None)
        told = {}
        for person, agency in roles.filter(role__in=TOLD_OF_OPENINGS).values_list("person", "agency"):
            told.setdefault(person, {})[slugs[agency]] = place
        naming_the_date = Q(kind="leaders_open", subject=f"wave:{wave.number}:leaders")
        naming_the_date |= Q(kind="date_changed", subject=f"wave:{wave.number}:all_staff")
        messages = models["OutgoingEmail"].objects.filter(naming_the_date, rollout=wave.rollout_id, told={})
        for person, places in told.items():
            messages.filter(person=person).update(told=places)


class Migration(migrations.Migration):
    dependencies = [("rollout", "0018_compositions"), ("agencies", "0003_mail_refusals")]
    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
