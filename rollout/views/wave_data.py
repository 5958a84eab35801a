"""What a wave's page shows, as plain values."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Agency
from rollout import emails
from rollout.domain import figures, learning, opening, past_undoing, placing, reviewing, undoing
from rollout.domain.calendar import Calendar, calendar_of
from rollout.domain.figures import Entry, Plan, WaveEntry
from rollout.domain.opening import TurnedAway, WavePreview
from rollout.domain.readiness import StepStatus
from rollout.domain.words import long_date
from rollout.forms.waves import DeferralForm
from rollout.models import (
    OSLO,
    WAVE_CLOSING,
    Decision,
    EmailKind,
    EmailState,
    Lesson,
    OutgoingEmail,
    PlanEvent,
    Review,
    Rollout,
    Step,
    Verdict,
    Wave,
    opening_moment,
)
from rollout.views.board_data import QUEUE, STATE_ICONS
from rollout.views.course_words import Tag, tag_of
from rollout.views.event_words import step_names, tell

EVENTS_AT_MOST = 100


@dataclass(frozen=True)
class StepLine:
    """One step of the course, and how it stands at each agency of the wave, in the order of the slots."""

    status: StepStatus
    cells: list[tuple[Entry, Tag | None]]

    @property
    def step(self):
        return self.status.step

    @property
    def due_on(self) -> dt.date | None:
        return self.status.due_on


@dataclass(frozen=True)
class Deferral:
    """An agency the leaders' opening would pass over: why, where it goes, and the form to choose another place."""

    away: TurnedAway
    form: DeferralForm
    note: str

    @property
    def placement(self):
        return self.away.placement


@dataclass(frozen=True)
class Letter:
    """Drafts with the same headline, and who gets them."""

    headline: str
    drafts: list[emails.Draft]


@dataclass(frozen=True)
class Sent:
    """The messages of one kind about this wave, and how many are in each state."""

    label: str
    messages: list[OutgoingEmail]

    @property
    def states(self) -> list[tuple[str, int]]:
        counts = Counter(message.state for message in self.messages)
        return [(str(state.label), counts[state]) for state in EmailState if counts[state]]


@dataclass(frozen=True)
class Told:
    """`size`: how many events its change has, `barred` how many of them cannot be taken back now: it is all or none."""

    event: PlanEvent
    text: str
    size: int
    barred: int

    @property
    def can_be_undone(self) -> bool:
        return not self.barred and undoing.can_be_undone(self.event)

    @property
    def undone_by(self) -> PlanEvent | None:
        return getattr(self.event, "undone_by", None)


@dataclass(frozen=True)
class WavePage:
    entry: WaveEntry
    preview: WavePreview
    lines: list[StepLine]
    deferrals: list[Deferral]
    letters: list[Letter]
    decisions: list[Decision]
    sent: list[Sent]
    history: list[Told]
    #: Why the wave may not be given its go yet (rule 13); empty: nothing stands before it.
    stands_before: str
    review: Review | None
    lessons: list[Lesson]
    now: dt.datetime
    calendar: Calendar
    previous: Wave | None
    next: Wave | None

    @property
    def wave(self) -> Wave:
        return self.entry.wave

    @property
    def icon(self) -> str:
        return STATE_ICONS[self.wave.state]

    @property
    def is_for_review(self) -> bool:
        return self.wave.state in WAVE_CLOSING and bool(self.entry.entries)

    @property
    def lessons_by_agency(self) -> list[tuple[Agency, list[Lesson]]]:
        return [
            (agency, list(found)) for agency, found in groupby(self.lessons, key=lambda lesson: lesson.placement.agency)
        ]

    @property
    def slots(self) -> list[bool]:
        return [place < len(self.entry.entries) for place in range(len(self.entry.entries) + self.entry.free)]

    @property
    def held(self) -> list[Entry]:
        return [entry for entry in self.entry.entries if entry.placement.is_held]

    @property
    def licences(self) -> int:
        """What the leaders' opening would reserve."""
        return sum(placement.headcount for placement in self.preview.judgement.let_in)

    @property
    def moment_passed(self) -> bool:
        return self.preview.moment is not None and self.preview.moment <= self.now

    @property
    def is_to_be_filled(self) -> bool:
        """Empty, and agencies can still be moved into it."""
        return self.wave.is_planned and not self.entry.entries

    @property
    def can_give_go(self) -> bool:
        return self.preview.step is not None and not self.moment_passed and not self.is_to_be_filled

    @property
    def decision_tag(self) -> Tag:
        """The decision that counts, as icon and word. A go for a plan that has changed is gone (rule 6)."""
        if self.wave.decision == Verdict.GO:
            return Tag("ok", "check-circle", _("Klarsignal gitt"))
        if self.wave.decision == Verdict.NO_GO:
            return Tag("stop", "prohibited", _("Stopp"))
        if self.go_is_void:
            return Tag("warn", "alert-warning", _("Klarsignalet er falt bort"))
        return Tag("", "clock", _("Ikke besluttet"))

    @property
    def go_is_void(self) -> bool:
        return bool(self.decisions) and self.wave.decision is None

    @property
    def dates(self) -> list[dict]:
        """The two openings as a timeline: done, next, or ahead."""
        opened = {Step.LEADERS: self.wave.leaders_opened_at, Step.ALL_STAFF: self.wave.all_staff_opened_at}
        words = {Step.LEADERS: _("Ledere og nøkkelpersoner"), Step.ALL_STAFF: _("Alle medarbeidere")}
        return [
            {
                "text": words[step],
                "on": self.wave.day_of(step),
                "opened_at": opened[step],
                "look": "is-done" if opened[step] else "is-now" if step == self.wave.next_step else "",
                "late": not opened[step] and opening_moment(self.wave.day_of(step)) <= self.now,
                **(self._warned(self.wave.day_of(step)) if not opened[step] else {}),
            }
            for step in Step
        ]

    def _warned(self, day: dt.date) -> dict[str, object]:
        """What the calendar says of an opening still ahead (rule 12)."""
        ends_on = self.wave.rollout.ends_on
        return {
            "closed": self.calendar.closed_because(day),
            "soft": self.calendar.warned_because(day),
            "past_end": ends_on is not None and day > ends_on,
        }

    @property
    def cap_warning(self) -> str:
        return placing.cap_warning(self.wave, [entry.placement for entry in self.entry.entries])


def wave_page(rollout: Rollout, number: int, *, now: dt.datetime) -> WavePage | None:
    """The wave with this number, or None. The number of queries does not grow with agencies or waves."""
    plan = figures.plan(rollout, now=now)
    entry = next((found for found in plan.waves if found.wave.number == number), None)
    if entry is None:
        return None
    wave = entry.wave
    wave.rollout = rollout
    preview = opening.preview(wave, now=now)
    return WavePage(
        entry=entry,
        preview=preview,
        lines=step_lines(entry, today=now.astimezone(OSLO).date()),
        deferrals=_deferrals(plan, preview),
        letters=_letters(preview),
        decisions=list(wave.decisions.select_related("by").order_by("-id")),
        sent=_sent(rollout, wave),
        history=_history(rollout, wave),
        stands_before=reviewing.what_stands_before(wave) if preview.step else "",
        review=Review.objects.filter(wave=wave).first(),
        lessons=learning.lessons_for(wave),
        now=now,
        calendar=calendar_of(rollout),
        previous=_beside(plan, number - 1),
        next=_beside(plan, number + 1),
    )


def _beside(plan: Plan, number: int) -> Wave | None:
    return next((found.wave for found in plan.waves if found.wave.number == number), None)


def step_lines(entry: WaveEntry, *, today: dt.date) -> list[StepLine]:
    """Steps by their key: agencies that have started keep an older course, which may lack a step (rule 4)."""
    at = {(found.placement.pk, status.step.key): status for found in entry.entries for status in found.course}
    first = {status.step.key: status for found in entry.entries for status in found.course}
    lines = []
    for key, status in sorted(first.items(), key=lambda item: item[1].step.number):
        cells = [(found, at.get((found.placement.pk, key))) for found in entry.entries]
        lines.append(StepLine(status, [(found, _tag(cell, today) if cell else None) for found, cell in cells]))
    return lines


def _tag(status: StepStatus, today: dt.date) -> Tag:
    """In a table of fifty the normal is quiet, so that the exceptions are seen."""
    tag = tag_of(status, today)
    return Tag("quiet", tag.icon, tag.text) if status.done else tag


def destinations(plan: Plan, wave: Wave, *, chosen: Wave | None = None) -> list[tuple[str, str]]:
    """The queue, and the other waves that have not opened: those with room, and the one chosen already, full or not."""
    waves = [
        (
            str(other.wave.number),
            ngettext("%(wave)s, %(day)s (%(free)s ledig)", "%(wave)s, %(day)s (%(free)s ledige)", other.free)
            % {"wave": other.wave, "day": long_date(other.wave.leaders_on), "free": other.free},
        )
        for other in plan.waves
        if other.wave.is_planned and other.wave.pk != wave.pk and (other.free or other.wave == chosen)
    ]
    return [(QUEUE, _("Fremst i køen")), *waves]


def _deferrals(plan: Plan, preview: WavePreview) -> list[Deferral]:
    if preview.step != Step.LEADERS:
        return []
    deferrals = []
    for away in preview.judgement.turned_away:
        chosen = away.placement.deferral_wave
        form = DeferralForm(
            initial={"to": str(chosen.number) if chosen else QUEUE},
            destinations=destinations(plan, preview.wave, chosen=chosen),
            auto_id=f"defer-{away.placement.agency.slug}-%s",
        )
        note = ""
        if chosen and away.to is None:
            note = _("%(wave)s har ikke lenger plass, så virksomheten går til køen.") % {"wave": chosen}
        deferrals.append(Deferral(away, form, note))
    return deferrals


def _letters(preview: WavePreview) -> list[Letter]:
    by_headline: dict[str, list[emails.Draft]] = {}
    for draft in preview.messages:
        by_headline.setdefault(draft.headline, []).append(draft)
    return [Letter(headline, drafts) for headline, drafts in by_headline.items()]


def _sent(rollout: Rollout, wave: Wave) -> list[Sent]:
    about = rollout.emails.filter(subject__startswith=f"wave:{wave.number}:").defer("text", "html").order_by("id")
    by_kind: dict[str, list[OutgoingEmail]] = {}
    for message in about:
        by_kind.setdefault(message.kind, []).append(message)
    return [Sent(str(EmailKind(kind).label), messages) for kind, messages in by_kind.items()]


def _history(rollout: Rollout, wave: Wave) -> list[Told]:
    """Newest first: what happened to the wave and in it, and who was moved out of it."""
    events = list(rollout.events.about_wave(wave).for_telling().order_by("-id")[:EVENTS_AT_MOST])
    counted, names = past_undoing.counted(rollout, events), step_names(rollout)
    return [
        Told(
            event,
            f"{event.agency}: {tell(event, names)}" if event.agency else tell(event, names),
            *counted[event.change],
        )
        for event in events
    ]
