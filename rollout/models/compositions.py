"""A question to the composer, how far its search has come, and what it found."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout
from rollout.models.scenarios import Scenario


class CompositionState(models.TextChoices):
    QUEUED = "queued", _("Venter")
    RUNNING = "running", _("Regner")
    DONE = "done", _("Ferdig")
    INFEASIBLE = "infeasible", _("Går ikke opp")
    CANCELLED = "cancelled", _("Avbrutt")
    FAILED = "failed", _("Mislyktes")


#: A search that somebody waits for.
UNDER_WAY = (CompositionState.QUEUED, CompositionState.RUNNING)


class Composition(models.Model):
    """One press of *Foreslå puljer* (`domain.compositions`). It changes nothing in the plan: it ends in a scenario.

    `wishes` is what the lead asked for: {"weights": {aim: 0..5}, "pilots": [wave numbers], "rushed": [wave numbers],
    "everyone": whether all must have a place}. `best` and `bound` are points, told while the search goes on; `alive_at`
    is when its worker was last heard of, in real time. `findings` are facts, which `domain.composition_words` tells.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="compositions")
    wishes = models.JSONField()
    plan_version = models.BigIntegerField()
    state = models.CharField(max_length=20, choices=CompositionState, default=CompositionState.QUEUED)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    alive_at = models.DateTimeField()
    best = models.BigIntegerField(null=True, blank=True)
    bound = models.BigIntegerField(null=True, blank=True)
    findings = models.JSONField(default=dict, blank=True)
    scenario = models.ForeignKey(Scenario, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CompositionState.values), name="composition_state_is_known"),
            models.UniqueConstraint(
                fields=["rollout"], condition=Q(state__in=["queued", "running"]), name="one_composition_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], ended_at__isnull=True)
                | (~Q(state__in=["queued", "running"]) & Q(ended_at__isnull=False)),
                name="composition_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(scenario__isnull=True) | Q(state="done"), name="only_a_finished_composition_has_a_scenario"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rollout} {self.asked_at:%Y-%m-%d %H:%M}: {self.get_state_display()}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY
