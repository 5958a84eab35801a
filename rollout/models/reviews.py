"""What a wave taught: figures of use, lessons, the thresholds they are held against, and the decision on the pace."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.placements import Placement, PlacementStatus
from rollout.models.rollouts import Rollout
from rollout.models.waves import Wave

LESSONS = 3


class UsageFiguresQuerySet(models.QuerySet["UsageFigures"]):
    def in_force(self):
        """Of each agency and date the row that counts, the one entered last; oldest date first."""
        return self.order_by("placement", "measured_on", "-id").distinct("placement", "measured_on")


class UsageFigures(models.Model):
    """How much an agency used the tool on one date, as sums and never by person (rule 14). Append-only.

    A correction is a new row for the same date: the one entered last counts. `activated` are accounts taken into use of
    those `invited`, leaders and key people among them; `weekly_active` of those activated, `on_mobile` of those active.
    `support_requests` and `severe_incidents` (open ones) are counts, `backlog_days` the age of the support's queue.
    """

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="usage_figures")
    measured_on = models.DateField(_("målt dato"))
    invited = models.PositiveIntegerField(_("inviterte"))
    activated = models.PositiveIntegerField(_("aktiverte kontoer"))
    leaders_invited = models.PositiveIntegerField(_("inviterte ledere og nøkkelpersoner"))
    leaders_activated = models.PositiveIntegerField(_("aktiverte ledere og nøkkelpersoner"))
    weekly_active = models.PositiveIntegerField(_("ukentlig aktive"))
    on_mobile = models.PositiveIntegerField(_("ukentlig aktive på mobil"), null=True, blank=True)
    support_requests = models.PositiveIntegerField(_("henvendelser til brukerstøtte"))
    severe_incidents = models.PositiveIntegerField(_("åpne alvorlige hendelser"))
    backlog_days = models.DecimalField(_("etterslep i brukerstøtten (dager)"), max_digits=5, decimal_places=1)
    definition = models.CharField(_("definisjon"), max_length=400)
    source = models.CharField(_("kilde"), max_length=240)
    entered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    objects = UsageFiguresQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["placement", "measured_on", "-id"], name="figures_in_force")]
        constraints = [
            models.CheckConstraint(condition=Q(activated__lte=F("invited")), name="activated_within_invited"),
            models.CheckConstraint(
                condition=Q(leaders_activated__lte=F("leaders_invited")), name="leaders_activated_within_invited"
            ),
            models.CheckConstraint(
                condition=Q(leaders_invited__lte=F("invited"), leaders_activated__lte=F("activated")),
                name="leaders_are_among_all",
            ),
            models.CheckConstraint(condition=Q(weekly_active__lte=F("activated")), name="active_within_activated"),
            models.CheckConstraint(
                condition=Q(on_mobile__isnull=True) | Q(on_mobile__lte=F("weekly_active")), name="mobile_within_active"
            ),
            models.CheckConstraint(condition=Q(backlog_days__gte=0), name="backlog_not_negative"),
            models.CheckConstraint(condition=~Q(definition="") & ~Q(source=""), name="figures_say_what_and_whence"),
        ]

    def __str__(self) -> str:
        return f"{self.placement}: {self.measured_on}"


class LessonQuerySet(models.QuerySet["Lesson"]):
    def in_order(self):
        """By wave, the pilots first, then by agency."""
        names = ("placement__agency__name_sort_key", "placement_id", "number")
        return self.select_related("placement__agency", "placement__wave").order_by(
            F("placement__wave__number").asc(nulls_first=True), *names
        )

    def for_wave(self, wave: Wave):
        """What the wave before it taught; before the first that holds agencies, what the pilots did."""
        before = wave.before()
        of_pilots = Q(placement__rollout=wave.rollout_id, placement__status=PlacementStatus.PILOT)
        return self.filter(Q(placement__wave=before) if before else of_pilots).in_order()


class Lesson(models.Model):
    """One of an agency's three lessons. `source`: where it is from, if not from those who wrote it here."""

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="lessons")
    number = models.PositiveSmallIntegerField()
    text = models.CharField(_("erfaring"), max_length=400)
    source = models.CharField(_("kilde"), max_length=240, blank=True)
    written_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    objects = LessonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["placement", "number"], name="lesson_number_once_per_agency"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=LESSONS), name="three_lessons_at_most"),
            models.CheckConstraint(condition=~Q(text=""), name="lesson_says_something"),
        ]

    def __str__(self) -> str:
        return self.text


def _percent(label, default: int) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(label, default=default, validators=[MaxValueValidator(100)])


class Criteria(models.Model):
    """The thresholds that a wave's figures are held against. A rollout without a row has the defaults."""

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, primary_key=True, related_name="criteria")
    leaders_activated = _percent(_("aktiverte ledere og nøkkelpersoner, minst (%)"), 80)
    activated = _percent(_("aktiverte kontoer, minst (%)"), 50)
    activated_later = _percent(_("aktiverte kontoer etter noen uker, minst (%)"), 80)
    later_weeks = models.PositiveSmallIntegerField(
        _("uker før det høyere kravet gjelder"), default=6, validators=[MaxValueValidator(104)]
    )
    weekly_active = _percent(_("ukentlig aktive av aktiverte, minst (%)"), 40)
    severe_incidents = models.PositiveSmallIntegerField(_("åpne alvorlige hendelser, høyst"), default=0)
    backlog_days = models.DecimalField(
        _("etterslep i brukerstøtten, under (dager)"),
        max_digits=4,
        decimal_places=1,
        default=Decimal(2),
        validators=[MinValueValidator(Decimal("0.1"))],
    )
    working_days = models.PositiveSmallIntegerField(
        _("arbeidsdager med tall, minst"), default=5, validators=[MaxValueValidator(250)]
    )
    working_days_first = models.PositiveSmallIntegerField(
        _("arbeidsdager med tall i den første puljen, minst"), default=15, validators=[MaxValueValidator(250)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(leaders_activated__lte=100, activated__lte=100, activated_later__lte=100)
                & Q(weekly_active__lte=100),
                name="criteria_are_percentages",
            ),
            models.CheckConstraint(condition=Q(backlog_days__gt=0), name="criteria_backlog_positive"),
        ]

    def __str__(self) -> str:
        return str(self.rollout)


class Pace(models.TextChoices):
    FASTER = "faster", _("Raskere")
    SAME = "same", _("Samme tempo")
    SLOWER = "slower", _("Saktere")
    HOLD = "hold", _("Vent med neste pulje")


class Review(models.Model):
    """How a wave's review ended (rule 13). Append-only: figures, lessons and criteria stand as they were at close.

    `proposal` is the pace the app proposed; a project lead decided `pace`.
    """

    wave = models.OneToOneField(Wave, on_delete=models.PROTECT, related_name="review")
    pace = models.CharField(_("tempo"), max_length=10, choices=Pace)
    proposal = models.CharField(max_length=10, choices=Pace)
    reason = models.TextField(_("begrunnelse"))
    figures = models.JSONField()
    criteria = models.JSONField()
    closed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pace__in=Pace.values, proposal__in=Pace.values), name="review_pace_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="review_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.wave}: {self.get_pace_display()}"

    @property
    def frozen(self) -> set[str]:
        """The slugs of the agencies it tells of. One that was held at all staff and let in later is not among them."""
        return {told["slug"] for told in self.figures}
