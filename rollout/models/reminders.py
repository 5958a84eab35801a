"""What mail a person wants beside that which is a duty, and the mornings on which reminders have been written."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.outbox import EmailKind
from rollout.models.rollouts import Rollout

#: The kinds that one may leave, or subscribe to; every other is a duty.
CHOSEN_KINDS = (EmailKind.WEEKLY_STATUS, EmailKind.TO_DO, EmailKind.AGENCY_WEEK)


class MailChoice(models.Model):
    """That a person wants a kind of mail, or does not. Without a row the role decides (`emails.choosing`)."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("slag"), max_length=40, choices=[(kind.value, kind.label) for kind in CHOSEN_KINDS])
    wanted = models.BooleanField()
    chosen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = _("valg av varsler")
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="one_mail_choice_per_kind"),
            models.CheckConstraint(condition=Q(kind__in=CHOSEN_KINDS), name="no_choice_about_a_duty"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class ReminderRun(models.Model):
    """That the reminders of one morning were written, once. They cover the days after `since` up to and with `day`."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="reminder_runs")
    day = models.DateField()
    since = models.DateField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "day"], name="reminders_once_a_day"),
            models.CheckConstraint(condition=Q(day__gt=F("since")), name="reminders_cover_some_day"),
        ]

    def __str__(self) -> str:
        return f"{self.rollout}: {self.day}"
