"""How an agency's course is shown, on its own pages and to the leads: the steps as rows, and where it stands."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Person
from rollout.domain.readiness import CONFIRMATION, FUNDING, GUIDELINES, KEY_PEOPLE, StepStatus
from rollout.domain.words import long_date
from rollout.models import OSLO, CourseStep, FundingState, Placement, PlacementStatus

#: The pages of the steps fulfilled by facts; every other step has `rollout:my-step`.
FACT_PAGES = {
    FUNDING: "rollout:my-funding",
    GUIDELINES: "rollout:my-guidelines",
    KEY_PEOPLE: "rollout:my-key-people",
    CONFIRMATION: "rollout:my-ready",
}


@dataclass(frozen=True)
class Tag:
    """A state as icon, word and colour (see docs/interface.md)."""

    kind: str
    icon: str
    text: str


@dataclass(frozen=True)
class StepRow:
    status: StepStatus
    look: str  # is-done, is-late, is-next or nothing
    is_next: bool  # what the agency does next, late or not
    tag: Tag
    url: str  # the page at /my/ that says what the step means
    done_by: tuple[Person, dt.datetime] | None  # who did it and when; None while it is missing, and for a plain fact
    approval: bool  # the agency has done its part, and now its head is to approve it
    approves: bool  # the one who looks is that head

    @property
    def step(self):
        return self.status.step

    @property
    def in_place(self) -> bool:
        """Whether it is done in its row of the course. The guidelines are a text to read on a page of their own."""
        return self.step.key not in (GUIDELINES, FUNDING)

    @property
    def is_funding(self) -> bool:
        return self.step.key == FUNDING

    @property
    def action(self) -> str:
        """What the link to a missing step's page says."""
        return {
            FUNDING: _("Godkjenn finansieringen") if self.approval and self.approves else _("Oppgi finansieringen"),
            GUIDELINES: _("Les og signer"),
            KEY_PEOPLE: _("Oppgi antall"),
            CONFIRMATION: _("Meld klar"),
        }.get(self.step.key, _("Dokumenter steget"))


def tag_of(status: StepStatus, today: dt.date) -> Tag:
    if status.waived and not status.fulfilled:
        return Tag("quiet", "check-circle", _("Fritatt"))
    if status.fulfilled:
        return Tag("ok", "check-circle", _("Ferdig"))
    if status.due_on is None:
        return Tag("", "clock", _("Gjenstår"))
    if status.days_late:
        text = ngettext("%(days)s dag for sent", "%(days)s dager for sent", status.days_late)
        loud = ("stop", "exclamation-mark-circle") if status.step.blocking else ("warn", "alert-warning")
        return Tag(*loud, text % {"days": status.days_late})
    days = (status.due_on - today).days
    if days == 0:
        return Tag("warn", "clock", _("Frist i dag"))
    return Tag("now", "clock", ngettext("%(days)s dag igjen", "%(days)s dager igjen", days) % {"days": days})


def step_url(placement: Placement, step: CourseStep) -> str:
    args = [placement.rollout.slug, placement.agency.slug]
    if step.key in FACT_PAGES:
        return reverse(FACT_PAGES[step.key], args=args)
    return reverse("rollout:my-step", args=[*args, step.number])


def rows(
    placement: Placement, course: Iterable[StepStatus], *, now: dt.datetime, approves: bool = False
) -> list[StepRow]:
    """The steps in order; the first missing one that does not wait for somebody else's answer is marked as next.

    `approves`: who looks is the agency's head, whose approval the funding may wait for.
    """
    today = now.astimezone(OSLO).date()
    made, next_found = [], False
    for status in course:
        approval = not status.done and _awaits_approval(placement, status)
        is_next = not (next_found or status.done or (approval and not approves))
        next_found = next_found or is_next
        look = "is-done" if status.done else "is-late" if status.days_late and status.step.blocking else ""
        made.append(
            StepRow(
                status,
                look or ("is-next" if is_next else ""),
                is_next,
                tag_of(status, today),
                step_url(placement, status.step),
                _done_by(placement, status) if status.done else None,
                approval,
                approves,
            )
        )
    return made


def _awaits_approval(placement: Placement, status: StepStatus) -> bool:
    """Whether the agency has stated its funding, and now its head is to approve it."""
    if status.step.key != FUNDING:
        return False
    return placement.funding_statements.filter(state=FundingState.STATED, question="").exists()


def _done_by(placement: Placement, status: StepStatus) -> tuple[Person, dt.datetime] | None:
    """Who fulfilled the step or let the agency off it, and when; None for what no single press has done."""
    if not status.fulfilled and status.waiver is not None:
        return status.waiver.by, status.waiver.waived_at
    if status.evidence is not None:
        return status.evidence.confirmed_by, status.evidence.confirmed_at
    if status.step.key == GUIDELINES:
        signed = placement.sign_offs.select_related("person").order_by("-version__number", "-signed_at").first()
        return (signed.person, signed.signed_at) if signed else None
    if status.step.key == CONFIRMATION:
        confirmation = placement.readiness_confirmation
        return confirmation.confirmed_by, confirmation.confirmed_at
    return None


def remaining(course: list[StepStatus]) -> str:
    left = sum(not status.done for status in course)
    if not left:
        return _("Alle %(all)s steg er ferdige.") % {"all": len(course)}
    return _("%(left)s av %(all)s steg gjenstår.") % {"left": left, "all": len(course)}


def _in(days: int) -> str:
    if days == 0:
        return _("i dag")
    return ngettext("om %(days)s dag", "om %(days)s dager", days) % {"days": days}


def standing(placement: Placement | None, agency, course: list[StepStatus], *, now: dt.datetime) -> str:
    """One or two sentences: when the agency opens, or where it stands, and how much remains."""
    return " ".join(filter(None, heading(placement, agency, course, now=now)))


def heading(placement: Placement | None, agency, course: list[StepStatus], *, now: dt.datetime) -> tuple[str, str]:
    """Where the agency stands, and how much of its course remains (nothing for one that follows none)."""
    if placement is None:
        return _("%(agency)s er ikke med i utrullingen ennå.") % {"agency": agency}, ""
    outside = {
        PlacementStatus.PILOT: _("%(agency)s var med i piloten og følger ikke løpet."),
        PlacementStatus.WITHDRAWN: _("%(agency)s er trukket fra utrullingen."),
    }
    if placement.status in outside:
        return outside[PlacementStatus(placement.status)] % {"agency": agency}, ""
    if placement.status == PlacementStatus.QUEUED:
        words = {"agency": agency, "place": placement.queue_position}
        return _("%(agency)s står som nummer %(place)s i køen.") % words, remaining(course)
    return _in_wave(placement, today=now.astimezone(OSLO).date()), (
        "" if placement.all_staff_access_at is not None else remaining(course)
    )


def _in_wave(placement: Placement, *, today: dt.date) -> str:
    wave = placement.wave
    assert wave is not None  # noqa: S101 (a placed one has its wave: the database's own rule)
    words: dict[str, object] = {"agency": placement.agency, "wave": wave}
    if placement.all_staff_access_at is not None:
        return _("Alle i %(agency)s har tilgang.") % words
    if placement.is_held:
        return _("Lederne i %(agency)s har tilgang, men åpningen for alle er holdt tilbake.") % words
    leaders_in = placement.leaders_access_at is not None
    opens_on = wave.all_staff_on if leaders_in else wave.leaders_on
    days = (opens_on - today).days
    words |= {"when": _in(days) if days >= 0 else "", "day": long_date(opens_on)}
    if days < 0:
        passed = (
            _("%(agency)s skulle ha åpnet for alle %(day)s. Spør prosjektlederen om ny dato.")
            if leaders_in
            else _("%(agency)s skulle ha åpnet for ledere %(day)s. Spør prosjektlederen om ny dato.")
        )
        return passed % words
    opens = (
        _("Lederne i %(agency)s har tilgang. Alle får tilgang %(when)s.")
        if leaders_in
        else _("%(agency)s åpner for ledere %(when)s.")
    )
    return opens % words
