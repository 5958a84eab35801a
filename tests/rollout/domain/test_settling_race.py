"""A message settled as not sent beside the end of its reader's last role: it is not sent.

The plan's lock alone would not do: a message of another rollout than the active one is settled under that one's lock.
"""

from functools import partial

import pytest

from agencies.models import RoleName
from rollout.domain import inviting, settling
from rollout.models import EmailState
from tests.factories import NOW, give_role, make_agency, make_lead, make_rollout
from tests.rollout.domain.test_inviting import at_the_same_time
from tests.rollout.test_delivery import write

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("ends_first", [True, False])
def test_what_was_not_sent_does_not_wait_again_for_who_loses_the_last_role_meanwhile(ends_first):
    lead, now_active = make_lead(), make_rollout(slug="teams", name="Teams", is_active=True)
    reader = give_role("leder.kli@example.org", RoleName.AGENCY_HEAD, make_agency("kli"))
    earlier = make_rollout(is_active=False)
    assert now_active.pk != earlier.pk
    (message,) = write(1, rollout=earlier, to_address=reader.email, state=EmailState.UNKNOWN)
    verbs = [
        partial(inviting.end_role, role=reader.roles.get(), by=lead, now=NOW),
        partial(settling.settle, message=message, was_sent=False, by=lead, now=NOW),
    ]

    at_the_same_time(*(verbs if ends_first else reversed(verbs)))

    message.refresh_from_db()
    assert message.state == EmailState.WITHDRAWN
    assert not reader.roles.current().exists()
