"""The guidelines (*kjøreregler*) and the agencies' sign-offs of them."""

import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from agencies.models import Person, RoleName
from rollout.models.placements import Placement
from rollout.models.rollouts import Rollout


def text_hash(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hex: what a sign-off is bound to (rule 5)."""
    return hashlib.sha256(text.encode()).hexdigest()


class GuidelineVersion(models.Model):
    """One published text, frozen with its hash. Append-only. A *material* version asks for new signatures (rule 5)."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="guideline_versions")
    number = models.PositiveIntegerField()
    text = models.TextField(_("tekst"))
    text_hash = models.CharField(max_length=64)
    is_material = models.BooleanField(default=True)
    # Until this day, itself included, a signature under an older text still counts (null: no longer than today).
    old_counts_until = models.DateField(_("den gamle gjelder til og med"), null=True, blank=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "number"], name="guideline_version_number_once"),
            # What a sign-off's (version, hash) refers to: see the migration that adds that foreign key.
            models.UniqueConstraint(fields=["id", "text_hash"], name="guideline_version_with_its_hash"),
        ]

    def __str__(self) -> str:
        return _("Kjøreregler, versjon %(number)s") % {"number": self.number}

    @property
    def short_hash(self) -> str:
        """Enough of the hash to tell texts apart by eye."""
        return self.text_hash[:12]


class GuidelineDraft(models.Model):
    """The next text while it is written: one per rollout. `based_on` is the version it started from; 0: none."""

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, related_name="guideline_draft")
    text = models.TextField(_("tekst"))
    based_on = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    # Grows with every save, so that one writer's save never silently undoes another's.
    revision = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.rollout}: {self.based_on}+"


class SignOff(models.Model):
    """That an agency commits to a text that was seen (rule 5). Append-only.

    The database refuses a hash other than the version's own: (version, text_hash) is a foreign key.
    """

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="sign_offs")
    version = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="sign_offs")
    text_hash = models.CharField(max_length=64)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=30, choices=RoleName)
    signed_in_by = models.CharField(_("innlogget med"), max_length=40)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["placement", "version"], name="signed_once_per_version")]

    def __str__(self) -> str:
        return f"{self.placement}: {self.version}"
