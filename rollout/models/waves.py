"""Waves and the decisions about them."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout

OSLO = ZoneInfo("Europe/Oslo")
OPENING_HOUR = dt.time(8, 0)
CAPACITY = 5


def opening_moment(day: dt.date) -> dt.datetime:
    """08:00 Europe/Oslo on that day (rule 6)."""
    return dt.datetime.combine(day, OPENING_HOUR, tzinfo=OSLO)


def last_opening_day(now: dt.datetime) -> dt.date:
    """The latest date whose 08:00 Europe/Oslo has come at `now`."""
    here = now.astimezone(OSLO)
    return here.date() if here.time() >= OPENING_HOUR else here.date() - dt.timedelta(days=1)


class WaveState(models.TextChoices):
    PLANNED = "planned", _("Planlagt")
    LEADERS_OPEN = "leaders_open", _("Ledere inne")
    ALL_OPEN = "all_open", _("Åpen for alle")
    CLOSED = "closed", _("Lukket")


class Step(models.TextChoices):
    """The two steps in which a wave opens (rule 6)."""

    LEADERS = "leaders", _("ledertilgang")
    ALL_STAFF = "all_staff", _("tilgang for alle")


#: What each step takes a wave from and to, and what the end of its review does (rule 13).
WAVE_TRANSITIONS = {
    Step.LEADERS: (WaveState.PLANNED, WaveState.LEADERS_OPEN),
    Step.ALL_STAFF: (WaveState.LEADERS_OPEN, WaveState.ALL_OPEN),
}
WAVE_CLOSING = (WaveState.ALL_OPEN, WaveState.CLOSED)


_UID_STEP = {Step.LEADERS: "leaders", Step.ALL_STAFF: "all-staff"}


class WaveQuerySet(models.QuerySet["Wave"]):
    def due_to_open(self, now: dt.datetime):
        """Waves with a step whose moment has come by `now`, whatever was decided about them."""
        day = last_opening_day(now)
        return self.filter(
            Q(state=WaveState.PLANNED, leaders_on__lte=day) | Q(state=WaveState.LEADERS_OPEN, all_staff_on__lte=day)
        )

    def with_latest_decision(self):
        """Annotate the latest decision, so that `Wave.decision` needs no query of its own."""
        latest = Decision.objects.filter(wave=models.OuterRef("pk")).order_by("-id")
        return self.annotate(
            latest_verdict=models.Subquery(latest.values("verdict")[:1]),
            latest_decided_for=models.Subquery(latest.values("plan_version")[:1]),
        )


_WaveManager = models.Manager.from_queryset(WaveQuerySet)


class WaveManager(_WaveManager):
    """The waves there are: one that was taken away again is only in its history."""

    def get_queryset(self):
        return super().get_queryset().filter(removed_at__isnull=True)


class Wave(models.Model):
    """A *pulje*: up to five agencies (rule 1) that open together, leaders first and then all staff (rule 6).

    `plan_version` grows whenever a date still ahead or, before the leaders' opening, the set of agencies changes.
    A decision names the version it was made for, so that a go is void as soon as the plan is another (rule 6).

    `removed_at`: its making was undone. Its history refers to it, so the row stays, and its number is free again.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    leaders_on = models.DateField(_("åpner for ledere"))
    all_staff_on = models.DateField(_("åpner for alle"))
    state = models.CharField(max_length=20, choices=WaveState, default=WaveState.PLANNED)
    plan_version = models.PositiveIntegerField(default=1)
    # Warned over, never refused; five places are the hard limit.
    people_cap = models.PositiveIntegerField(_("tak for medarbeidere"), null=True, blank=True)
    leaders_opened_at = models.DateTimeField(null=True, blank=True)
    all_staff_opened_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Only on rows from `with_latest_decision`.
    latest_verdict: str | None
    latest_decided_for: int | None
    places_taken: int  # only on rows from `glance.waves`

    objects = WaveManager()

    class Meta:
        ordering = ["number"]
        constraints = [
            # For the placements' foreign key (migration 0020): an agency stands in a wave of its own rollout.
            models.UniqueConstraint(fields=["id", "rollout"], name="a_wave_in_its_rollout"),
            models.UniqueConstraint(
                fields=["rollout", "number"], condition=Q(removed_at__isnull=True), name="wave_number_once_per_rollout"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(state="planned"), name="only_an_unopened_wave_is_removed"
            ),
            models.CheckConstraint(condition=Q(number__gt=0), name="wave_number_from_one"),
            models.CheckConstraint(condition=Q(all_staff_on__gt=F("leaders_on")), name="wave_leaders_before_all_staff"),
            models.CheckConstraint(
                condition=Q(people_cap__isnull=True) | Q(people_cap__gt=0), name="wave_people_cap_positive"
            ),
            models.CheckConstraint(
                condition=Q(state="planned", leaders_opened_at__isnull=True, all_staff_opened_at__isnull=True)
                | Q(state="leaders_open", leaders_opened_at__isnull=False, all_staff_opened_at__isnull=True)
                | Q(
                    state__in=["all_open", "closed"], leaders_opened_at__isnull=False, all_staff_opened_at__isnull=False
                ),
                name="wave_state_matches_its_openings",
            ),
        ]

    def __str__(self) -> str:
        return _("Pulje %(number)s") % {"number": self.number}

    @property
    def is_planned(self) -> bool:
        return self.state == WaveState.PLANNED

    @property
    def next_step(self) -> "Step | None":
        """The step that opens next, or None when the wave is open for all."""
        return next((step for step, (before, _after) in WAVE_TRANSITIONS.items() if before == self.state), None)

    @property
    def is_closed(self) -> bool:
        return self.state == WaveState.CLOSED

    def before(self) -> "Wave | None":
        """The nearest wave before it, by number, that holds agencies."""
        earlier = Wave.objects.filter(rollout=self.rollout_id, number__lt=self.number, placements__isnull=False)
        return earlier.order_by("-number").first()

    def day_of(self, step: Step) -> dt.date:
        return self.leaders_on if step == Step.LEADERS else self.all_staff_on

    def opening_uid(self, step: Step) -> str:
        """The name the opening has in every calendar, for good."""
        return f"wave-{self.pk}-{_UID_STEP[step]}@puljeplan"

    @property
    def decision(self) -> "str | None":
        """The verdict that counts: the latest, unless it is a go for a plan that has changed since (rule 6)."""
        if hasattr(self, "latest_verdict"):
            verdict, decided_for = self.latest_verdict, self.latest_decided_for
        else:
            latest = self.decisions.order_by("-id").values_list("verdict", "plan_version").first()
            verdict, decided_for = latest or (None, None)
        if verdict == Verdict.GO and decided_for != self.plan_version:
            return None
        return verdict

    @property
    def has_go(self) -> bool:
        return self.decision == Verdict.GO


class Verdict(models.TextChoices):
    GO = "go", _("Klarsignal")
    NO_GO = "no-go", _("Stopp")


class Decision(models.Model):
    """A project lead's go or no-go for a wave, with the reason. Append-only; the latest counts (rule 6)."""

    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField(_("begrunnelse"))
    # Why a go was given though the wave before had no review, or one that said to wait (rule 13); empty: no need.
    override = models.TextField(_("begrunnelse for unntaket"), blank=True)
    plan_version = models.PositiveIntegerField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="decision_verdict_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.wave}: {self.get_verdict_display()}"
