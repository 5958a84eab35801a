"""Who is behind a session: the person and the roles held now, read together on every request."""

from allauth.account.auth_backends import AuthenticationBackend

from agencies.models import Person

# Plain SQL: this runs for every request, an open board's few seconds included, and building it costs more than asking.
_PERSON_AND_ROLES = """
SELECT p.*, (
    SELECT json_agg(json_build_array(r.role, a.slug))
    FROM agencies_role r LEFT JOIN agencies_agency a ON a.id = r.agency_id
    WHERE r.person_id = p.id AND r.until IS NULL
) AS roles_held
FROM agencies_person p WHERE p.id = %s AND p.is_active
"""


class PersonBackend(AuthenticationBackend):
    """allauth's; the person it finds has `roles_held`: a list of (role, agency's slug or None), or None."""

    def get_user(self, user_id: int | str) -> Person | None:
        return next(iter(Person.objects.raw(_PERSON_AND_ROLES, [user_id])), None)
