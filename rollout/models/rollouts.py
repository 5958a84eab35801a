"""The rollout itself, its licence pool, and the demo's clock."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Signers(models.TextChoices):
    """Who signs the guidelines for an agency."""

    HEAD = "head", _("bare virksomhetslederen")
    HEAD_OR_CHIEF = "head_or_chief", _("virksomhetslederen, kommunikasjonssjefen eller stedfortrederen")


class RolloutQuerySet(models.QuerySet["Rollout"]):
    def active(self) -> "Rollout | None":
        """The rollout that short addresses, and commands without `--rollout`, mean."""
        return self.filter(is_active=True).first()


class Rollout(models.Model):
    """One phased introduction of one tool. Its row is the first lock of every change to the plan (`domain.locks`)."""

    slug = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("navn"), max_length=120)
    tool_name = models.CharField(_("verktøy"), max_length=60)
    is_active = models.BooleanField(default=False)
    is_example = models.BooleanField(
        default=False, help_text=_("Figurene er helt eller delvis oppdiktet; hver side viser «Eksempeldata».")
    )
    municipality_employees = models.PositiveIntegerField(
        _("medarbeidere i kommunen"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Kommunens eget tall, ikke summen av radene."),
    )
    municipality_employees_source = models.CharField(_("kilde for tallet"), max_length=240, blank=True)
    ends_on = models.DateField(
        _("siste dag"), null=True, blank=True, help_text=_("Datoer etter denne varsles, men nektes ikke.")
    )
    contact_email = models.EmailField(_("kontaktadresse"), blank=True)
    signers = models.CharField(
        _("hvem signerer kjørereglene"), max_length=20, choices=Signers, default=Signers.HEAD_OR_CHIEF
    )
    signing_needs_oidc = models.BooleanField(
        _("signering krever personlig innlogging"),
        default=False,
        help_text=_("En kode til en delt postkasse viser ikke hvem som signerte."),
    )
    retention_months = models.PositiveSmallIntegerField(
        _("måneder opplysninger om personer beholdes"),
        default=12,
        help_text=_("Regnet fra virksomhetens løp er avsluttet."),
    )

    objects = RolloutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="one_active_rollout"),
            models.CheckConstraint(
                condition=Q(municipality_employees__isnull=True) | Q(municipality_employees__gt=0),
                name="municipality_employees_positive",
            ),
            models.CheckConstraint(condition=Q(signers__in=Signers.values), name="signers_are_known"),
        ]

    def __str__(self) -> str:
        return self.name


class LicencePool(models.Model):
    """The contract's licences (rule 8). `reserved` is kept by a trigger on the budgets, never written by hand."""

    rollout = models.OneToOneField(Rollout, on_delete=models.CASCADE, related_name="licence_pool")
    size = models.PositiveIntegerField(_("lisenser i avtalen"), default=0)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    # From the start; `LicencePrice` holds what it is from a later date.
    price_nok = models.DecimalField(_("pris per lisens per måned (kr)"), max_digits=8, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reserved__lte=F("size")), name="pool_never_overdrawn"),
        ]

    def __str__(self) -> str:
        return f"{self.reserved}/{self.size}"

    @property
    def free(self) -> int:
        return self.size - self.reserved


class LicencePrice(models.Model):
    """What a licence costs a month, in NOK, from a date on."""

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="licence_prices")
    valid_from = models.DateField(_("gjelder fra"))
    price_nok = models.DecimalField(_("pris per lisens per måned (kr)"), max_digits=8, decimal_places=2)

    class Meta:
        ordering = ["valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "valid_from"], name="one_price_per_date"),
            models.CheckConstraint(condition=Q(price_nok__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}: {self.price_nok}"


class DemoClock(models.Model):
    """The demo's own time: one row, moved forward only, and only by `rollout.domain.stepping`."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    now = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_demo_clock")]

    def __str__(self) -> str:
        return self.now.isoformat()
