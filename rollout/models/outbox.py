"""Outgoing mail as rows: written with the fact it tells of, sent once (rule 10)."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout


class EmailKind(models.TextChoices):
    LEADERS_OPEN = "leaders_open", _("Åpent for ledere")
    ALL_STAFF_OPEN = "all_staff_open", _("Åpent for alle")
    DATE_CHANGED = "date_changed", _("Ny dato")
    HELD = "held", _("Holdt tilbake")
    NO_DECISION = "no_decision", _("Ingen beslutning")
    WEEKLY_STATUS = "weekly_status", _("Ukestatus")
    INVITED = "invited", _("Invitasjon")
    SIGN_RECEIPT = "sign_receipt", _("Kvittering for signatur")
    GUIDELINES_CHANGED = "guidelines_changed", _("Nye kjøreregler")
    REQUEST = "request", _("Ønske fra en virksomhet")
    ANSWER = "answer", _("Svar fra prosjektlederen")


class EmailState(models.TextChoices):
    WAITING = "waiting", _("Venter")
    CLAIMED = "claimed", _("Sendes")
    SENT = "sent", _("Sendt")
    UNKNOWN = "unknown", _("Ukjent")
    FAILED = "failed", _("Feilet")
    WITHDRAWN = "withdrawn", _("Trukket tilbake")


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def to_send(self, real_now):
        """Waiting, and not put off by backoff. `real_now` is real time, also in the demo.

        A correction waits until what it corrects, and every earlier correction, has left.
        """
        thread = Q(message_id=OuterRef("in_reply_to")) | Q(in_reply_to=OuterRef("in_reply_to"))
        ahead = OutgoingEmail.objects.filter(
            thread, id__lt=OuterRef("id"), state__in=[EmailState.WAITING, EmailState.CLAIMED]
        )
        return self.filter(
            Q(in_reply_to="") | ~Exists(ahead), state=EmailState.WAITING, not_before__lte=real_now
        ).order_by("not_before", "id")


class OutgoingEmail(models.Model):
    """One message to one person, once (rule 10).

    The key is (kind, subject, occurrence, person): `subject` is what it tells of ("wave:1:leaders",
    "week:2018-W07"), `occurrence` the id of the event or decision that caused it ("event:17").
    `written_at` is the rollout's time; `not_before`, `claimed_at` and `settled_at` are real time.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="emails")
    kind = models.CharField(max_length=40, choices=EmailKind)
    subject = models.CharField(max_length=80)
    occurrence = models.CharField(max_length=80)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="emails")
    to_address = models.EmailField()
    headline = models.CharField(_("emne"), max_length=200)
    text = models.TextField()
    html = models.TextField()
    message_id = models.CharField(max_length=200, unique=True)
    in_reply_to = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField()

    state = models.CharField(max_length=20, choices=EmailState, default=EmailState.WAITING)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # Of the request or task that wrote it: what one searches the logs for.
    request_id = models.CharField(max_length=64, blank=True)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "occurrence", "person"], name="one_message_once"),
            models.CheckConstraint(condition=Q(state__in=EmailState.values), name="email_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="claimed", claim__isnull=False, claimed_at__isnull=False)
                | (~Q(state="claimed") & Q(claim__isnull=True)),
                name="claimed_by_a_claim",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "failed", "withdrawn"]) | Q(settled_at__isnull=False),
                name="settled_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="waiting"), name="email_waiting"),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="email_claimed"),
        ]

    def __str__(self) -> str:
        return f"{self.headline} → {self.to_address}"
