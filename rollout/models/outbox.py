"""Outgoing mail as rows: written with the fact it tells of, sent once (rule 10); and the switch that holds it all."""

from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout


class EmailKind(models.TextChoices):
    LEADERS_OPEN = "leaders_open", _("Åpent for ledere")
    ALL_STAFF_OPEN = "all_staff_open", _("Åpent for alle")
    DATE_CHANGED = "date_changed", _("Endret dato eller pulje")
    HELD = "held", _("Holdt tilbake")
    NO_DECISION = "no_decision", _("Ingen beslutning")
    WEEKLY_STATUS = "weekly_status", _("Ukestatus")
    INVITED = "invited", _("Invitasjon")
    SIGN_RECEIPT = "sign_receipt", _("Kvittering for signatur")
    GUIDELINES_CHANGED = "guidelines_changed", _("Nye kjøreregler")
    REQUEST = "request", _("Ønske fra en virksomhet")
    ANSWER = "answer", _("Svar fra prosjektlederen")
    DELIVERY_FAILED = "delivery_failed", _("Levering feilet")
    YOUR_DATES = "your_dates", _("Pulje og datoer")
    DEFERRED = "deferred", _("Utsatt")
    TO_DO = "to_do", _("Påminnelse")
    AGENCY_WEEK = "agency_week", _("Virksomheten denne uken")


class EmailState(models.TextChoices):
    WAITING = "waiting", _("Venter")
    CLAIMED = "claimed", _("Sendes")
    SENT = "sent", _("Sendt")
    UNKNOWN = "unknown", _("Ukjent")
    FAILED = "failed", _("Feilet")
    WITHDRAWN = "withdrawn", _("Trukket tilbake")


# What is another number in every database a backup can be restored to: the cluster's, the timeline's (a recovered or
# promoted cluster begins a new one), the database's. The table's, which a restore into the same database makes anew,
# is put behind it.
_SERVER = """
SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                 (SELECT timeline_id FROM pg_control_checkpoint()),
                 (SELECT oid FROM pg_database WHERE datname = current_database())) || '/'
"""
_HERE = f"({_SERVER}) || tableoid"


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def to_send(self, real_now):
        """May be sent now: waiting, not put off, not held, to an address that works. `real_now` is real time.

        A correction waits until what it corrects, and every earlier correction, has left. Delivery's own claim says
        the same in SQL (`delivery.claims`).
        """
        thread = Q(message_id=OuterRef("in_reply_to")) | Q(in_reply_to=OuterRef("in_reply_to"))
        ahead = OutgoingEmail.objects.filter(
            thread, id__lt=OuterRef("id"), state__in=[EmailState.WAITING, EmailState.CLAIMED]
        )
        return self.filter(
            Q(in_reply_to="") | ~Exists(ahead),
            state=EmailState.WAITING,
            not_before__lte=real_now,
            person__mail_refused_at=None,
            rollout__in=MailSwitch.objects.open().values("rollout"),
        ).order_by("not_before", "id")

    def not_handed_over(self):
        """What no server can have: it may still be taken back. Lock the rows before relying on it."""
        return self.filter(Q(state=EmailState.WAITING) | Q(state=EmailState.CLAIMED, data_at__isnull=True))


class OutgoingEmail(models.Model):
    """One message to one person, once (rule 10).

    The key is (kind, subject, occurrence, person): `subject` is what it tells of ("wave:1:leaders",
    "week:2018-W07"), `occurrence` the id of the event or decision that caused it ("event:17").
    `written_at` is the rollout's time; `not_before`, `claimed_at`, `data_at` and `settled_at` are real time. `data_at`
    is committed before the text is handed over: a claim without it has reached no server. `takeovers` counts the
    workers that died holding the claim before that. `resends` names the message this one is sent in place of.

    `told`: where its agencies stand as it tells it, {slug: {"wave", "leaders_on", "all_staff_on"}}; in the queue, or
    withdrawn, all three are null. By it the program knows whether a message still holds, and who is to be corrected.
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
    calendar = models.TextField(blank=True)  # an iCalendar file that goes with it
    told = models.JSONField(default=dict, blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    in_reply_to = models.CharField(max_length=200, blank=True)
    written_at = models.DateTimeField()

    state = models.CharField(max_length=20, choices=EmailState, default=EmailState.WAITING)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    data_at = models.DateTimeField(null=True, blank=True)
    takeovers = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # Of the request or task that wrote it: what one searches the logs for.
    request_id = models.CharField(max_length=64, blank=True)
    resends = models.ForeignKey("self", on_delete=models.PROTECT, related_name="resent_as", null=True, blank=True)

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
                condition=~Q(state="waiting") | Q(data_at__isnull=True), name="waiting_is_not_handed_over"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "failed", "withdrawn"]) | Q(settled_at__isnull=False),
                name="settled_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="waiting"), name="email_waiting"),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="email_claimed"),
            models.Index(fields=["rollout", "id"], condition=~Q(told={}), name="email_that_tells"),
        ]

    def __str__(self) -> str:
        return f"{self.headline} → {self.to_address}"

    @property
    def can_be_taken_back(self) -> bool:
        """As `not_handed_over` says it."""
        return self.state == EmailState.WAITING or (self.state == EmailState.CLAIMED and self.data_at is None)


class MailSwitchQuerySet(models.QuerySet["MailSwitch"]):
    def with_here(self):
        """`here`: what `home` would be in this database."""
        return self.annotate(here=RawSQL(_HERE, []))  # noqa: S611 (no input)

    def open(self):
        """Of rollouts whose mail leaves from here."""
        return self.with_here().filter(held_since=None, home=F("here"))


class MailSwitch(models.Model):
    """Holds all mail of a rollout (`held_since`), or lets it go. Delivery asks it in the claim itself.

    `home` is the database the mail was let go in. A restored backup has another, and sends nothing before a lead lets
    it go there: what it believes unsent may have been sent long ago. A rollout without a switch sends nothing either.
    """

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, primary_key=True, related_name="mail_switch")
    home = models.CharField(max_length=80, editable=False)
    held_since = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(_("begrunnelse"), blank=True)

    objects = MailSwitchQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.rollout_id}: {self.held_since or '-'}"

    @staticmethod
    def server() -> str:
        """The database this is, but for the table."""
        with connection.cursor() as cursor:
            cursor.execute(_SERVER)
            return cursor.fetchone()[0]

    @classmethod
    def here(cls) -> str:
        """What `home` is in this database."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT ({_SERVER}) || %s::regclass::oid", [cls._meta.db_table])
            return cursor.fetchone()[0]
