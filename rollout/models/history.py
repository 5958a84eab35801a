"""What happened to the plan: one event for every change (rule 9)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency, Person
from rollout.models.rollouts import Rollout
from rollout.models.waves import Wave


class EventKind(models.TextChoices):
    JOINED = "joined", _("lagt i kø")
    PILOT_MARKED = "pilot_marked", _("merket som pilot")
    MOVED = "moved", _("flyttet")
    WAVE_ADDED = "wave_added", _("ny pulje")
    DATES_SET = "dates_set", _("datoer satt")
    DECIDED = "decided", _("beslutning")
    DEFERRAL_CHOSEN = "deferral_chosen", _("utsettelse valgt")
    LEADERS_OPENED = "leaders_opened", _("åpnet for ledere")
    ALL_STAFF_OPENED = "all_staff_opened", _("åpnet for alle")
    DEFERRED = "deferred", _("utsatt")
    HELD = "held", _("holdt tilbake")
    RELEASED = "released", _("sluppet inn")
    NO_DECISION = "no_decision", _("ingen beslutning")
    FUNDING_SET = "funding_set", _("finansiering satt")
    POOL_SET = "pool_set", _("lisenser i avtalen satt")
    STEP_CONFIRMED = "step_confirmed", _("steg bekreftet")
    STEP_WAIVED = "step_waived", _("steg fritatt")
    KEY_PEOPLE_STATED = "key_people_stated", _("nøkkelpersoner oppgitt")
    GUIDELINES_PUBLISHED = "guidelines_published", _("kjøreregler publisert")
    SIGNED = "signed", _("kjøreregler signert")
    READINESS_CONFIRMED = "readiness_confirmed", _("klarmelding")
    AGENCY_IMPORTED = "agency_imported", _("virksomhet importert")
    MESSAGE_SETTLED = "message_settled", _("melding avklart")
    ROLE_GIVEN = "role_given", _("rolle gitt")
    ROLLOUT_CREATED = "rollout_created", _("utrulling opprettet")


class PlanEvent(models.Model):
    """One change: who (null: the system), when, what, from, to, why. Append-only, written in the change's transaction.

    `once` holds a key for what may happen a single time whatever runs twice, such as telling that a date
    passed without a decision.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40, choices=EventKind)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", null=True)
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="events", null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    once = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 (null is "no such key", never equal)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["rollout", "at"], name="event_by_time"),
            models.Index(fields=["agency", "id"], name="event_by_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"
