"""Where each agency stands in a rollout, and the licences it has funded."""

from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Person
from rollout.models.course import CourseVersion
from rollout.models.rollouts import Rollout
from rollout.models.waves import CAPACITY, Wave


class PlacementStatus(models.TextChoices):
    QUEUED = "queued", _("I kø")
    PLACED = "placed", _("I pulje")
    WITHDRAWN = "withdrawn", _("Trukket")
    PILOT = "pilot", _("Pilot")


IN_PLAN = (PlacementStatus.QUEUED, PlacementStatus.PLACED)


class PlacementQuerySet(models.QuerySet["Placement"]):
    def in_plan(self):
        """Queue and waves: the reference rollout's 26. Pilots and withdrawn stand outside (rule 2)."""
        return self.filter(status__in=IN_PLAN)

    def queued(self):
        return self.filter(status=PlacementStatus.QUEUED).order_by("queue_position")

    def placed(self):
        return self.filter(status=PlacementStatus.PLACED).order_by("wave__number", "slot")

    def pilots(self):
        return self.filter(status=PlacementStatus.PILOT)

    def held(self):
        """Agencies that all-staff opening passed over: their leaders keep access (rule 6)."""
        return self.filter(held_at__isnull=False, all_staff_access_at__isnull=True)


class Placement(models.Model):
    """One agency's one place in a rollout (rule 2): in the queue, in a wave, withdrawn, or a pilot outside both.

    The database holds rule 1: `slot` is 1 to 5 and unique within its wave, so a sixth row cannot exist.
    `version` grows with every move, so that a page can tell that a card has moved since it was shown.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="placements")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="placements")
    course_version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20, choices=PlacementStatus)
    queue_position = models.PositiveIntegerField(null=True, blank=True)
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="placements", null=True, blank=True)
    slot = models.PositiveSmallIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    joined_at = models.DateTimeField()
    # Why the place must be kept; empty: it may be moved. The opening's own deferrals go before it.
    pin_reason = models.TextField(_("hvorfor plasseringen er låst"), blank=True)
    case_number = models.CharField(_("saksnummer i arkivet"), max_length=40, blank=True)
    key_people_stated = models.PositiveIntegerField(_("antall nøkkelpersoner"), null=True, blank=True)
    # Where the agency goes if it is not ready when its wave opens (rule 7); null: the front of the queue.
    deferral_wave = models.ForeignKey(Wave, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    # The figures of an opened wave are frozen: a later import changes the agency, not what was opened.
    employees_at_opening = models.PositiveIntegerField(null=True, blank=True, editable=False)
    leaders_access_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    all_staff_access_at = models.DateTimeField(null=True, blank=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rollout", "agency"], name="one_placement_per_agency"),
            # Deferrable, so that one statement may reorder. A trigger that counts would let a sixth in during a race.
            models.UniqueConstraint(
                fields=["wave", "slot"], deferrable=Deferrable.IMMEDIATE, name="one_agency_per_slot"
            ),
            models.UniqueConstraint(
                fields=["rollout", "queue_position"], deferrable=Deferrable.IMMEDIATE, name="one_agency_per_position"
            ),
            models.CheckConstraint(
                condition=Q(slot__isnull=True) | Q(slot__range=(1, CAPACITY)), name="a_wave_holds_at_most_five"
            ),
            models.CheckConstraint(
                condition=Q(status="queued", queue_position__isnull=False, wave__isnull=True, slot__isnull=True)
                | Q(status="placed", queue_position__isnull=True, wave__isnull=False, slot__isnull=False)
                | Q(
                    status__in=["withdrawn", "pilot"],
                    queue_position__isnull=True,
                    wave__isnull=True,
                    slot__isnull=True,
                ),
                name="placement_is_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(pin_reason="") | Q(status__in=["queued", "placed"]), name="only_a_place_is_pinned"
            ),
            models.CheckConstraint(
                condition=Q(leaders_access_at__isnull=True, employees_at_opening__isnull=True)
                | Q(leaders_access_at__isnull=False, employees_at_opening__isnull=False, status="placed"),
                name="access_freezes_the_headcount",
            ),
            models.CheckConstraint(
                condition=Q(all_staff_access_at__isnull=True)
                | Q(leaders_access_at__isnull=False, all_staff_access_at__gte=F("leaders_access_at")),
                name="leaders_before_all_staff",
            ),
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | Q(leaders_access_at__isnull=False), name="held_after_leaders"
            ),
        ]

    def __str__(self) -> str:
        return str(self.agency)

    @property
    def headcount(self) -> int:
        """People who are to get access: frozen at the leaders' opening, today's figure before it."""
        if self.employees_at_opening is not None:
            return self.employees_at_opening
        return self.agency.employees

    @property
    def is_in_plan(self) -> bool:
        """As `in_plan` says it."""
        return self.status in IN_PLAN

    @property
    def is_pinned(self) -> bool:
        return bool(self.pin_reason)

    @property
    def is_held(self) -> bool:
        return self.held_at is not None and self.all_staff_access_at is None

    @property
    def position(self) -> "int | None":
        """The place in the queue, or the slot in the wave."""
        return self.queue_position if self.slot is None else self.slot


class LicenceBudget(models.Model):
    """What an agency has set aside (rule 8). `reserved` counts against the pool by a database trigger."""

    placement = models.OneToOneField(Placement, on_delete=models.CASCADE, related_name="licence_budget")
    funded = models.PositiveIntegerField(_("finansierte lisenser"), default=0)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    implementation_cost_nok = models.PositiveIntegerField(_("implementeringskost (kr)"), default=0)
    budget_reference = models.CharField(_("budsjettreferanse"), max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reserved__lte=F("funded")), name="reserved_within_funded"),
        ]

    def __str__(self) -> str:
        return f"{self.placement}: {self.funded}"


class FundingState(models.TextChoices):
    STATED = "stated", _("Venter på virksomhetslederen")
    APPROVED = "approved", _("Godkjent")
    REPLACED = "replaced", _("Erstattet")


class FundingStatement(models.Model):
    """What an agency says it has set aside. It counts (`LicenceBudget`) once the agency's head has approved it.

    UKE may question one; the answer is a new statement, which replaces it.
    """

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="funding_statements")
    licences = models.PositiveIntegerField(_("finansierte lisenser"))
    implementation_cost_nok = models.PositiveIntegerField(_("implementeringskost (kr)"), default=0)
    budget_reference = models.CharField(_("budsjettreferanse"), max_length=120, blank=True)
    state = models.CharField(max_length=20, choices=FundingState)
    stated_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()
    approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    question = models.TextField(_("spørsmål fra UKE"), blank=True)
    questioned_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    questioned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FundingState.values), name="funding_state_is_known"),
            models.UniqueConstraint(
                fields=["placement"], condition=~Q(state="replaced"), name="one_funding_statement_in_force"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="funding_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False), name="approved_funding_says_by_whom"
            ),
            models.CheckConstraint(
                condition=Q(question="", questioned_by__isnull=True, questioned_at__isnull=True)
                | (~Q(question="") & Q(questioned_by__isnull=False, questioned_at__isnull=False)),
                name="funding_question_says_what_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement}: {self.licences} ({self.get_state_display()})"
