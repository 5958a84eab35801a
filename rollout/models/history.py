"""What happened to the plan: one event for every change (rule 9)."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
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
    ROLE_ENDED = "role_ended", _("rolle avsluttet")
    ROLLOUT_CREATED = "rollout_created", _("utrulling opprettet")
    ROLLOUT_EDITED = "rollout_edited", _("utrulling endret")
    ROLLOUT_ACTIVATED = "rollout_activated", _("gjort til aktiv utrulling")
    WITHDRAWN = "withdrawn", _("trukket")
    REJOINED = "rejoined", _("tilbake i køen")
    PINNED = "pinned", _("plassering låst")
    UNPINNED = "unpinned", _("plassering låst opp")
    CAP_SET = "cap_set", _("tak for medarbeidere satt")
    BLACKOUT_ADDED = "blackout_added", _("sperreperiode lagt inn")
    BLACKOUT_REMOVED = "blackout_removed", _("sperreperiode fjernet")
    AGENCY_EDITED = "agency_edited", _("virksomhet endret")
    WAIVER_TAKEN_BACK = "waiver_taken_back", _("fritak tatt tilbake")
    PRICE_SET = "price_set", _("pris satt")
    FEED_MADE = "feed_made", _("kalenderadresse laget")
    FEED_REVOKED = "feed_revoked", _("kalenderadresse trukket tilbake")
    STEP_WITHDRAWN = "step_withdrawn", _("bekreftelse av steg trukket")
    READINESS_WITHDRAWN = "readiness_withdrawn", _("klarmelding trukket")
    FUNDING_STATED = "funding_stated", _("finansiering oppgitt")
    FUNDING_QUESTIONED = "funding_questioned", _("spørsmål om finansieringen")
    DATE_ASKED = "date_asked", _("ønske om annen dato")
    DATE_ANSWERED = "date_answered", _("svar på ønske om dato")
    JOIN_ASKED = "join_asked", _("ønske om å bli med")
    JOIN_ANSWERED = "join_answered", _("svar på ønske om å bli med")
    COURSE_PUBLISHED = "course_published", _("ny versjon av løpet")
    CASE_SET = "case_set", _("saksnummer satt")
    PERSON_ERASED = "person_erased", _("opplysninger om en person slettet")
    RETENTION_ENFORCED = "retention_enforced", _("sletting etter lagringstid")
    MAIL_HELD = "mail_held", _("e-post holdt tilbake")
    MAIL_RELEASED = "mail_released", _("e-post sluppet")
    MESSAGE_RESENT = "message_resent", _("melding sendt på nytt")
    ADDRESS_CORRECTED = "address_corrected", _("adresse rettet")
    ADDRESS_TRIED = "address_tried", _("adresse prøves igjen")
    CHANGES_ANNOUNCED = "changes_announced", _("endringer kunngjort")
    FIGURES_ENTERED = "figures_entered", _("tall for bruk lagt inn")
    LESSON_WRITTEN = "lesson_written", _("erfaring skrevet")
    REVIEW_CLOSED = "review_closed", _("evaluering avsluttet")
    CRITERIA_SET = "criteria_set", _("kriterier satt")
    SCENARIO_ADOPTED = "scenario_adopted", _("scenario tatt i bruk")


#: An opening is told once, of the wave; these keys of its `after` hold the slugs of the agencies it was about.
OPENINGS = (EventKind.LEADERS_OPENED, EventKind.ALL_STAFF_OPENED)
OPENED_FOR = ("let_in", "turned_away")


class PlanEventQuerySet(models.QuerySet["PlanEvent"]):
    def for_telling(self):
        """With all that a sentence about each names, so that a list of them takes no further query."""
        return self.select_related("by", "agency", "wave", "undoes", "undone_by__by")

    def about_agency(self, agency: Agency):
        """The agency's own events, and the openings that let it in or passed it over."""
        opened = Q()
        for key in OPENED_FOR:
            opened |= Q(kind__in=OPENINGS, after__contains={key: [agency.slug]})
        return self.filter(Q(agency=agency) | opened)

    def about_wave(self, wave: Wave):
        """What happened to the wave and in it, and who left it for another place."""
        # A wave that was taken away may have had the number before this one was made.
        made = wave.events.filter(kind=EventKind.WAVE_ADDED, undoes=None).values("pk")[:1]
        left = Q(kind__in=[EventKind.MOVED, EventKind.DEFERRED], before__wave=wave.number)
        left &= Q(pk__gt=Coalesce(models.Subquery(made), 0))
        return self.filter(Q(wave=wave) | left, rollout=wave.rollout_id)


class PlanEvent(models.Model):
    """One change: who (null: the system), when, what, from, to, why. Append-only, written in the change's transaction.

    `once` holds a key for what may happen a single time whatever runs twice, such as telling that a date
    passed without a decision. Events of one action share `change`, and are undone together; an undoing is an event of
    its own that names, in `undoes`, the one it takes back: the database lets each be undone once.
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
    change = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="undone_by", null=True, blank=True, editable=False
    )

    objects = PlanEventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["rollout", "at"], name="event_by_time"),
            models.Index(fields=["agency", "id"], name="event_by_agency"),
            # The last event's id is the plan's version: what an open board asks for every few seconds.
            models.Index(fields=["rollout", "id"], name="event_by_rollout"),
            models.Index(fields=["change"], name="event_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"


class LastSeen(models.Model):
    """How far in the history a person has read, by their own press: what the overview calls new begins after it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="+")
    event_id = models.BigIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "rollout"], name="one_last_seen_per_person")]

    def __str__(self) -> str:
        return f"{self.person}: {self.event_id}"
