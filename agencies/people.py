"""Who holds a role at an agency now, in the order in which they are shown."""

from agencies.models import Agency, Role, RoleName

ORDER = [RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY, RoleName.KEY_PERSON]


def people_of(agency: Agency) -> list[Role]:
    held = Role.objects.current().filter(agency=agency, person__is_active=True).select_related("person")
    return sorted(held, key=lambda role: (ORDER.index(RoleName(role.role)), role.person.email))
