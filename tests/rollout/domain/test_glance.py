"""The slim read of the board tells the same as the whole plan."""

import pytest

from rollout.domain import figures, glance, together
from rollout.domain.loading import load_reference_rollout
from rollout.models import Waiver
from rollout.reference import proposed_plan
from tests.factories import NOW, make_agency, make_guidelines, make_lead, make_ready, make_rollout, place

pytestmark = pytest.mark.django_db


def told_by_the_plan(rollout):
    plan = figures.plan(rollout, now=NOW)
    return {
        None: [_told(entry) for entry in plan.queue],
        **{wave.wave.pk: [_told(entry) for entry in wave.entries] for wave in plan.waves if wave.entries},
    }


def _told(entry):
    placement = entry.placement
    return (
        placement.agency.slug,
        placement.headcount,
        placement.version,
        len(entry.problems),
        entry.licences_missing,
        placement.pin_reason,
        placement.leaders_access_at is not None,
        placement.all_staff_access_at is not None,
        placement.is_held,
    )


def told_at_a_glance(rollout, **wanted):
    return {
        wave: [
            (
                *(g.slug, g.headcount, g.version, g.problems, g.licences_missing),
                *(g.pin_reason, g.leaders_in, g.has_access, g.held),
            )
            for g in found
        ]
        for wave, found in glance.read(rollout, now=NOW, **wanted).items()
    }


def test_it_tells_the_reference_rollout_as_the_whole_plan_does():
    rollout = load_reference_rollout()
    assert told_at_a_glance(rollout) == told_by_the_plan(rollout)
    together.apply_plan(rollout=rollout, places=proposed_plan(), by=None, now=NOW)
    assert told_at_a_glance(rollout) == {wave: told for wave, told in told_by_the_plan(rollout).items() if told}


def test_it_counts_what_is_missing_by_the_same_rules():
    rollout = make_rollout(waves=2)
    wave = rollout.waves.get(number=1)
    ready, waived = make_ready(place(make_agency("ready"), wave)), place(make_agency("waived"), wave)
    make_ready(place(make_agency("short", employees=50), funded=49), but_not=("funding",))
    for step in waived.course_version.steps.filter(number__in=(2, 4)):  # the funding is never waived (rule 8)
        Waiver.objects.create(placement=waived, step=step, reason="Ikke aktuelt", by=make_lead(), waived_at=NOW)
    assert told_at_a_glance(rollout) == told_by_the_plan(rollout)
    make_guidelines(rollout, number=2, text="Nye regler")
    assert told_at_a_glance(rollout) == told_by_the_plan(rollout)
    assert glance.read(rollout, now=NOW)[wave.pk][0].problems == 1, f"{ready} must sign again"


def test_a_part_is_read_alone(django_assert_num_queries):
    rollout = make_rollout(waves=3)
    one, two, _three = rollout.waves.all()
    for wave in (one, two, None):
        place(make_agency(), wave, rollout=rollout)
    with django_assert_num_queries(2):
        assert set(glance.read(rollout, now=NOW, waves=[two.pk])) == {two.pk, None}
    assert set(glance.read(rollout, now=NOW, waves=[one.pk, two.pk], queue=False)) == {one.pk, two.pk}
