"""The weekly status: frozen figures, readable again as they were sent."""

from django.db import models
from django.db.models import Q

from rollout.models.rollouts import Rollout


class StatusReport(models.Model):
    """One week's status, frozen when it was made. Append-only; (year, week) is the ISO week of sending."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="status_reports")
    year = models.PositiveSmallIntegerField()
    week = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["year", "week"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "year", "week"], name="one_status_per_week"),
            models.CheckConstraint(condition=Q(week__range=(1, 53)), name="status_week_is_an_iso_week"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return f"{self.year}-W{self.week:02d}"
