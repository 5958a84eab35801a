"""Another plan than today's, written down: what if, a proposal, or what to measure drift against."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout


class Purpose(models.TextChoices):
    WHAT_IF = "what_if", _("Hva om")
    PROPOSAL = "proposal", _("Forslag")
    BASELINE = "baseline", _("Referanseplan")


class ScenarioState(models.TextChoices):
    OPEN = "open", _("Åpent")
    ADOPTED = "adopted", _("Tatt i bruk")
    DROPPED = "dropped", _("Forkastet")


class Scenario(models.Model):
    """Frozen places and dates. Nothing in the plan follows from it before it is adopted (`domain.adopting`).

    `places`: agency's slug -> {"wave": number, or null for the queue, "position": from 1}; `dates`: the wave's number
    -> {"leaders_on", "all_staff_on"} as ISO dates, with waves the plan has not got. `base_places` and `base_dates` are
    the plan as it was when the scenario was made, these with the wave's "state": what the scenario changes is its
    difference from them, and what the plan has moved since is theirs from today's. `base_version`: the plan's last
    event then.

    `explanation`: why each move was made, as the composer wrote it; empty for one made by hand. `version` grows with
    every edit, so that a page can tell that it shows an older one.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(_("navn"), max_length=120)
    purpose = models.CharField(_("formål"), max_length=20, choices=Purpose)
    state = models.CharField(max_length=20, choices=ScenarioState, default=ScenarioState.OPEN)
    base_version = models.BigIntegerField()
    places = models.JSONField()
    dates = models.JSONField()
    base_places = models.JSONField()
    base_dates = models.JSONField()
    explanation = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True)
    made_at = models.DateTimeField()
    # Adopted or dropped: by whom and when.
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="scenario_purpose_is_known"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True, ended_by__isnull=True)
                | Q(state__in=["adopted", "dropped"], ended_at__isnull=False),
                name="scenario_that_ended_says_when",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
            # What is measured against is one thing; it is never taken into use itself, only what is made from it.
            models.UniqueConstraint(
                fields=["rollout"], condition=Q(purpose="baseline", state="open"), name="one_baseline_per_rollout"
            ),
            models.CheckConstraint(condition=~Q(purpose="baseline", state="adopted"), name="a_baseline_is_not_adopted"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == ScenarioState.OPEN

    @property
    def is_baseline(self) -> bool:
        return self.purpose == Purpose.BASELINE
