"""What agencies ask the project leads for: another date, or a place in the queue."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Person
from rollout.models.placements import Placement
from rollout.models.rollouts import Rollout
from rollout.models.waves import Wave


class RequestState(models.TextChoices):
    OPEN = "open", _("Venter på svar")
    ACCEPTED = "accepted", _("Godtatt")
    DECLINED = "declined", _("Avslått")
    WITHDRAWN = "withdrawn", _("Trukket")


def _answered(name: str) -> models.CheckConstraint:
    """What is answered says by whom and when; an open or withdrawn request says neither."""
    answered = Q(state__in=["accepted", "declined"], answered_by__isnull=False, answered_at__isnull=False)
    return models.CheckConstraint(
        condition=answered
        | Q(state__in=["open", "withdrawn"], answered_by__isnull=True, answered_at__isnull=True, answer=""),
        name=name,
    )


class DateRequest(models.Model):
    """An agency asks to go at another time. Accepting it is moving it to `moved_to` (null: the queue)."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="date_requests")
    # The wave it would rather have; null: none in particular, see `reason`.
    wanted = models.ForeignKey(Wave, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    reason = models.TextField(_("begrunnelse"))
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=RequestState, default=RequestState.OPEN)
    answer = models.TextField(_("svar"), blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    moved_to = models.ForeignKey(Wave, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["placement"], condition=Q(state="open"), name="one_open_date_request"),
            models.CheckConstraint(condition=~Q(reason=""), name="date_request_has_a_reason"),
            models.CheckConstraint(condition=~Q(state="declined") | ~Q(answer=""), name="declined_date_has_a_reason"),
            _answered("date_request_answered_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.placement}: {self.get_state_display()}"


class JoinRequest(models.Model):
    """An agency that has not joined asks for a place in the queue: why, how many people, and what it has set aside."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="join_requests")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("hvorfor dere vil være med"))
    employees = models.PositiveIntegerField(_("medarbeidere"))
    licences = models.PositiveIntegerField(_("finansierte lisenser"), default=0)
    implementation_cost_nok = models.PositiveIntegerField(_("implementeringskost (kr)"), default=0)
    budget_reference = models.CharField(_("budsjettreferanse"), max_length=120, blank=True)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=RequestState, default=RequestState.OPEN)
    answer = models.TextField(_("svar"), blank=True)
    answered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollout", "agency"], condition=Q(state="open"), name="one_open_join_request"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="join_request_has_a_reason"),
            models.CheckConstraint(condition=Q(employees__gt=0), name="join_request_has_people"),
            models.CheckConstraint(condition=~Q(state="declined") | ~Q(answer=""), name="declined_join_has_a_reason"),
            _answered("join_request_answered_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.agency}: {self.get_state_display()}"
