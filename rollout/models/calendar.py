"""What the calendar holds beside weekends and public holidays, and the secret addresses where others read it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Person
from rollout.models.rollouts import Rollout


class BlackoutPeriod(models.Model):
    """Days to keep free of openings (*sperreperiode*), both ends included (rule 12).

    Hard: an opening is refused. Soft: it is warned of. `confirmed`: the source has said so; else it follows a pattern.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="blackouts")
    first_day = models.DateField(_("første dag"))
    last_day = models.DateField(_("siste dag"))
    name = models.CharField(_("navn"), max_length=80)
    hard = models.BooleanField(_("hard"), default=False)
    source = models.CharField(_("kilde"), max_length=240, blank=True)
    confirmed = models.BooleanField(_("bekreftet"), default=False)

    class Meta:
        ordering = ["first_day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "name", "first_day"], name="blackout_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="blackout_days_in_order"),
            models.CheckConstraint(condition=~Q(name=""), name="blackout_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarFeed(models.Model):
    """A secret address where dates and names of agencies are read as a calendar: of the plan, or of one agency."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="feeds")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    secret = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollout", "agency"],
                condition=Q(revoked_at__isnull=True),
                nulls_distinct=False,
                name="one_feed_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rollout} – {self.agency}" if self.agency else str(self.rollout)
