"""What those who have gone before have learnt: an agency's lessons, and who can learn from them."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain import reviewing
from rollout.domain.locks import lock_placement
from rollout.domain.recording import new_change, record
from rollout.domain.refusals import Refused
from rollout.models import LESSONS, EventKind, Lesson, Placement, PlacementStatus, Wave


def lessons_for(wave: Wave) -> list[Lesson]:
    """What those who go in `wave` can learn from: the lessons of the wave before it, or else of the pilots."""
    return list(Lesson.objects.for_wave(wave))


@transaction.atomic
def write_lessons(
    *,
    placement: Placement,
    texts: Sequence[str],
    by: Person,
    now: dt.datetime,
    source: str = "",
    seen: Sequence[str | None] = (None,) * LESSONS,
) -> list[Lesson]:
    """Write an agency's lessons, three at most; an empty one is taken away. One event for each that differs.

    `seen`: each as it was shown (None: not asked); one that is left as it was shown stays as it is by now.

    Raises:
        Refused: the agency is neither a pilot nor in a wave whose leaders have access, its wave's review has ended
            with it, or a lesson that would be changed is another than the one `seen`.
    """
    placement = lock_placement(placement.pk)
    _refuse_lessons(placement)
    kept = {lesson.number: lesson for lesson in placement.lessons.select_for_update()}
    change = new_change()
    for number, (text, was) in enumerate(zip(texts, seen, strict=False), 1):
        text, before = " ".join(text.split()), kept[number].text if number in kept else ""
        if text in (before, was):
            continue
        if was is not None and was != before:
            another = _("Erfaring %(number)s er endret siden du så den, og er nå «%(text)s». Åpne skjemaet på nytt.")
            raise Refused(another % {"number": number, "text": before}, field=f"text_{number}")
        if text:
            said = {"text": text, "source": source, "written_by": by, "written_at": now}
            Lesson.objects.update_or_create(placement=placement, number=number, defaults=said)
        else:
            kept[number].delete()
        record(
            rollout=placement.rollout,
            kind=EventKind.LESSON_WRITTEN,
            by=by,
            at=now,
            agency=placement.agency,
            wave=placement.wave,
            before={"text": before},
            after={"number": number, "text": text},
            change=change,
        )
    return list(placement.lessons.order_by("number"))


def has_lessons(placement: Placement) -> bool:
    """Whether an agency has come far enough to teach something."""
    return placement.status == PlacementStatus.PILOT or placement.leaders_access_at is not None


def _refuse_lessons(placement: Placement) -> None:
    wave = placement.wave
    if not has_lessons(placement):
        raise Refused(_("%(agency)s har ikke tatt i bruk verktøyet ennå.") % {"agency": placement.agency})
    if wave is not None and reviewing.is_frozen(placement):
        raise Refused(_("Evalueringen av %(wave)s er avsluttet. Erfaringene står fast.") % {"wave": str(wave).lower()})
