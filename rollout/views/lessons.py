"""What waves and pilots taught: reviews that wait, decisions on the pace, and the agencies' lessons."""

from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agencies.access import Request
from rollout import clock
from rollout.domain import learning
from rollout.forms import refusals_at
from rollout.forms.reviews import LessonsForm
from rollout.models import WAVE_CLOSING, Lesson, Placement, Review, Rollout, Wave
from rollout.permissions import Do, can, may
from rollout.views.asking import ask, leave, posted
from rollout.views.context import rollout_of


@dataclass(frozen=True)
class Taught:
    """What one agency taught; `can_write`: its wave's review has not ended with it."""

    placement: Placement
    lessons: list[Lesson]
    can_write: bool


@dataclass(frozen=True)
class Group:
    """The pilots (`wave` None), or a wave and the review it has had."""

    wave: Wave | None
    review: Review | None
    agencies: list[Taught]


@may(Do.SEE_PLAN)
@never_cache
@require_safe
def index(request: Request, slug: str) -> HttpResponse:
    rollout = rollout_of(request, slug)
    context = {"rollout": rollout, "groups": groups(rollout), "can_act": can(request, Do.CHANGE_PLAN)}
    return render(request, "rollout/lessons.html", context)


def groups(rollout: Rollout) -> list[Group]:
    """The pilots, then each wave that has come so far as to be reviewed. In a number of queries that does not grow."""
    taught = {key: list(found) for key, found in groupby(_lessons(rollout), key=lambda lesson: lesson.placement_id)}
    reviews = {review.wave_id: review for review in Review.objects.filter(wave__rollout=rollout)}

    def agencies(found: list[Placement], wave: Wave | None) -> list[Taught]:
        review = reviews.get(wave.pk) if wave else None
        frozen = review.frozen if review else set()
        return [Taught(one, taught.get(one.pk, []), one.agency.slug not in frozen) for one in found]

    pilots = list(rollout.placements.pilots().select_related("agency").order_by("agency__name_sort_key"))
    placed = rollout.placements.placed().filter(wave__state__in=WAVE_CLOSING, leaders_access_at__isnull=False)
    by_wave = {
        wave: list(found)
        for wave, found in groupby(placed.select_related("agency", "wave"), key=lambda placement: placement.wave)
    }
    return [
        *([Group(None, None, agencies(pilots, None))] if pilots else []),
        *(Group(wave, reviews.get(wave.pk), agencies(found, wave)) for wave, found in by_wave.items()),
    ]


def _lessons(rollout: Rollout) -> list[Lesson]:
    return list(Lesson.objects.filter(placement__rollout=rollout).order_by("placement", "number"))


@may(Do.CHANGE_PLAN, agency="agency")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, slug: str, agency: str) -> HttpResponse:
    """An agency's three lessons."""
    rollout = rollout_of(request, slug)
    found = rollout.placements.select_related("agency", "wave", "rollout")
    placement = get_object_or_404(found, agency__slug=agency)
    kept = {lesson.number: lesson.text for lesson in placement.lessons.all()}
    form = LessonsForm(posted(request), lessons=kept, auto_id="lessons-%s")
    wave = placement.wave
    back = reverse("rollout:wave-review", args=[slug, wave.number]) if wave else reverse("rollout:lessons", args=[slug])
    if form.is_valid():
        with refusals_at(form):
            learning.write_lessons(
                placement=placement, texts=form.texts, seen=form.seen, by=request.user, now=clock.now()
            )
            return leave(request, back, _("Erfaringene fra %(agency)s er lagret.") % {"agency": placement.agency})
    return ask(request, form, template="rollout/lessons_edit.html", rollout=rollout, placement=placement, back=back)
