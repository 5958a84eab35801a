"""The employees' own commitments to the guidelines: counted, never listed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agencies.models import Agency
from rollout.models.guidelines import GuidelineVersion


class CommitmentProof(models.TextChoices):
    """How the work address was proved."""

    CODE = "code", _("kode på e-post")
    OIDC = "oidc", _("personlig innlogging")


class Commitment(models.Model):
    """That somebody at an agency accepted a version: once per person and version, and nobody can tell who.

    `person_hash` is an HMAC-SHA256 of version and address under a key outside the database. It is still personal data:
    retention deletes the rows and keeps their number (`KeptCommitments`). Only the day is stored, not the moment.
    """

    version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="commitments")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    person_hash = models.BinaryField(max_length=32)
    proof = models.CharField(max_length=10, choices=CommitmentProof)
    committed_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "person_hash"], name="committed_once_per_version"),
            models.CheckConstraint(condition=Q(proof__in=CommitmentProof.values), name="commitment_proof_is_known"),
        ]
        indexes = [models.Index(fields=["version", "agency"], name="commitment_by_agency")]

    def __str__(self) -> str:
        return f"{self.agency}: {self.version}"


class KeptCommitments(models.Model):
    """How many had committed at an agency when retention deleted the hashes. From then on nobody more is counted."""

    version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "agency"], name="kept_once_per_version_and_agency")]

    def __str__(self) -> str:
        return f"{self.agency}: {self.count}"
