"""Who takes part: agencies, people and their roles. True without any plan, so nothing here knows of `rollout`."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from agencies.norwegian import sort_key


class AgencyKind(models.TextChoices):
    """The city's own kinds of agency (domain.md, section 4)."""

    ETAT = "etat", _("Etat")
    DISTRICT = "district", _("Bydel")
    MUNICIPAL_ENTERPRISE = "municipal_enterprise", _("Kommunalt foretak")
    CITY_DEPARTMENT = "city_department", _("Byrådsavdeling")
    OTHER = "other", _("Annet")


class AgencyQuerySet(models.QuerySet["Agency"]):
    def in_norwegian_order(self):
        return self.order_by("name_sort_key", "slug")


class Agency(models.Model):
    """A *virksomhet*: a part of the municipality with its own head, budget and duties."""

    slug = models.SlugField(_("kode"), max_length=40, unique=True)
    name = models.CharField(_("navn"), max_length=120)
    name_sort_key = models.CharField(max_length=240, editable=False, db_index=True)
    kind = models.CharField(_("type"), max_length=30, choices=AgencyKind)
    sector = models.CharField(_("sektor"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("medarbeidere"), help_text=_("Hoder, ikke årsverk."))
    locations = models.PositiveIntegerField(_("tjenestesteder"), default=1)
    maturity = models.PositiveSmallIntegerField(_("modenhetsgrad"), null=True, blank=True)
    leadership_anchoring = models.PositiveSmallIntegerField(_("lederforankring"), null=True, blank=True)
    status_note = models.TextField(_("merknad"), blank=True)
    email_domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name=_("e-postdomener"),
        default=list,
        blank=True,
        help_text=_("Domenene medarbeidernes adresser hører til, uten @. Bare de kan forplikte seg for virksomheten."),
    )

    objects = AgencyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="agency_has_a_name"),
            models.CheckConstraint(
                condition=Q(maturity__isnull=True) | Q(maturity__range=(1, 5)), name="agency_maturity_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(leadership_anchoring__isnull=True) | Q(leadership_anchoring__range=(1, 5)),
                name="agency_leadership_anchoring_1_to_5",
            ),
            models.CheckConstraint(condition=Q(kind__in=AgencyKind.values), name="agency_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs):
        self.name_sort_key = sort_key(self.name)
        super().save(*args, **kwargs)


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, name: str = "", **extra) -> "Person":
        person = self.model(email=email.strip().lower(), name=name, **extra)
        person.set_unusable_password()  # no passwords: people sign in by a one-time code
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """One person per e-mail address, who may hold several roles. Also who signs in.

    `opaque_id` is what a signature's export names: it tells nobody who it was once name and address are erased.
    `mail_refused_at`: since then nothing is sent to the address, for the mail server refuses it (`mail_refusal`, in its
    words), until somebody corrects it or says that it is to be tried again.
    """

    email = models.EmailField(_("e-post"), unique=True)
    name = models.CharField(_("navn"), max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    opaque_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    mail_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    mail_refusal = models.TextField(blank=True, editable=False)

    #: (role, agency's slug or None) of each role held, where they were read with the person (`agencies.sessions`).
    roles_held: list[tuple[str, str | None]]

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = PersonManager()

    class Meta:
        constraints = [
            # Two spellings of one address would be two people who each get the mail.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_is_lower_case"),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(is_active=False, name=""), name="erased_person_is_nobody"
            ),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return _now("slettet person (%(id)s)") % {"id": str(self.opaque_id)[:8]}
        return self.name or self.email


class RoleName(models.TextChoices):
    PROJECT_LEAD = "project_lead", _("prosjektleder")
    SPONSOR = "sponsor", _("sponsor")
    READER = "reader", _("leser")
    AGENCY_HEAD = "agency_head", _("virksomhetsleder")
    COMMUNICATION_CHIEF = "communication_chief", _("kommunikasjonssjef")
    DEPUTY = "deputy", _("stedfortreder")
    KEY_PERSON = "key_person", _("nøkkelperson")


#: Roles held for the whole municipality; every other role is held at one agency.
CENTRAL_ROLES = (RoleName.PROJECT_LEAD, RoleName.SPONSOR, RoleName.READER)


class RoleQuerySet(models.QuerySet["Role"]):
    def current(self):
        """Roles that are held now. Losing a role ends it at once."""
        return self.filter(until__isnull=True)


class Role(models.Model):
    """That a person holds a role, at an agency or centrally, from one moment to another (`until` null: still)."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(_("rolle"), max_length=30, choices=RoleName)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="roles", null=True, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=RoleName.values), name="role_is_known"),
            models.CheckConstraint(
                condition=Q(role__in=CENTRAL_ROLES, agency__isnull=True)
                | (~Q(role__in=CENTRAL_ROLES) & Q(agency__isnull=False)),
                name="role_central_or_at_an_agency",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")), name="role_ends_after_it_starts"
            ),
            models.UniqueConstraint(
                fields=["person", "role", "agency"],
                condition=Q(until__isnull=True),
                nulls_distinct=False,
                name="role_held_once_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["agency", "role"], condition=Q(until__isnull=True), name="role_current")]

    def __str__(self) -> str:
        return f"{self.person} – {self.get_role_display()}"
