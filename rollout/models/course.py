"""The implementation course: its versions and steps, and what fulfils them at each agency."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Person
from rollout.models.rollouts import Rollout


class OwnerRole(models.TextChoices):
    """Who at the agency must act on a step: the words of course.csv. Owners need no account."""

    AGENCY_HEAD = "virksomhetsleder", _("virksomhetsleder")
    FINANCE = "økonomiansvarlig", _("økonomiansvarlig")
    PRIVACY = "personvernkoordinator", _("personvernkoordinator")
    HR = "HR-ansvarlig", _("HR-ansvarlig")
    COMMUNICATION_CHIEF = "kommunikasjonssjef", _("kommunikasjonssjef")
    IT = "IKT-kontakt", _("IKT-kontakt")


class CourseVersion(models.Model):
    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="course_versions")
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.TextField(_("hva som er endret"), blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            # For the placements' foreign key (migration 0020): an agency follows a course of its own rollout.
            models.UniqueConstraint(fields=["id", "rollout"], name="a_course_in_its_rollout"),
            models.UniqueConstraint(fields=["rollout", "number"], name="course_version_number_once"),
        ]

    def __str__(self) -> str:
        return _("Løp, versjon %(number)s") % {"number": self.number}


class CourseStep(models.Model):
    """A step of the course. `lead_time_days`: calendar days before the wave's leaders' date (negative: after)."""

    course_version = models.ForeignKey(CourseVersion, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=40)
    name = models.CharField(_("navn"), max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    owner_role = models.CharField(_("ansvarlig"), max_length=40, choices=OwnerRole)
    lead_time_days = models.SmallIntegerField()
    blocking = models.BooleanField()
    evidence_required = models.TextField(_("dokumentasjon"))
    basis = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["course_version", "number"], name="course_step_number_once"),
            models.UniqueConstraint(fields=["course_version", "key"], name="course_step_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"


class StepEvidenceQuerySet(models.QuerySet["StepEvidence"]):
    def told(self):
        """With who confirmed and which file is attached, but never the file's content: a list would carry it all."""
        return self.select_related("confirmed_by", "file").defer("file__content")


class StepEvidence(models.Model):
    """That a step is done, on whose word and by what. `owner_role` names whose evidence it is (product.md, people)."""

    placement = models.ForeignKey("rollout.Placement", on_delete=models.CASCADE, related_name="evidence")
    step = models.ForeignKey(CourseStep, on_delete=models.PROTECT, related_name="+")
    owner_role = models.CharField(_("hvem dokumentasjonen kommer fra"), max_length=40, choices=OwnerRole)
    text = models.TextField(_("dokumentasjon"), blank=True)
    case_number = models.CharField(_("saksnummer"), max_length=40, blank=True)
    # That a file was attached. It stays true when retention has deleted the file itself.
    by_file = models.BooleanField(default=False, db_default=False)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    objects = StepEvidenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["placement", "step"], name="step_evidenced_once"),
            models.CheckConstraint(
                condition=~Q(text="") | ~Q(case_number="") | Q(by_file=True), name="evidence_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.placement} – {self.step}"


class EvidenceFile(models.Model):
    """A file that shows a step is done, kept with the rows: every host serves it and every backup holds it."""

    evidence = models.OneToOneField(StepEvidence, on_delete=models.CASCADE, related_name="file")
    name = models.CharField(_("filnavn"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="evidence_file_is_not_empty")]

    def __str__(self) -> str:
        return self.name


class Waiver(models.Model):
    """A lead lets an agency off a step, with a reason. Never the funding (rules 3 and 8)."""

    placement = models.ForeignKey("rollout.Placement", on_delete=models.CASCADE, related_name="waivers")
    step = models.ForeignKey(CourseStep, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("begrunnelse"))
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    waived_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["placement", "step"], name="step_waived_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.placement} – {self.step}"


class ReadinessConfirmation(models.Model):
    """The communication chief's word that the agency is ready: step 10 (rule 3)."""

    placement = models.OneToOneField(
        "rollout.Placement", on_delete=models.CASCADE, related_name="readiness_confirmation"
    )
    comment = models.TextField(_("åpne avvik og kommentar"), blank=True)
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.placement)
