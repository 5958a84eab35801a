"""When the queue is done, as it was forecast: made by a worker, read by the pages."""

from django.db import models

from rollout.models.rollouts import Rollout


class Forecast(models.Model):
    """A forecast of the plan as it stood after the event `plan_version`, with the facts of the day `made_on`.

    `figures` is what `rollout.domain.forecasting.ranges` says. It can always be made again.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="forecasts")
    made_on = models.DateField()
    plan_version = models.BigIntegerField()
    made_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["made_on", "plan_version"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "made_on", "plan_version"], name="one_forecast_of_a_plan_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.rollout}: {self.made_on}"
