"""Guidelines: publishing the text, and an agency's signature under the text that was seen (rule 5)."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person, Role, RoleName
from agencies.sign_in import BY_OIDC
from rollout import emails
from rollout.domain.calendar import when_not_urgent
from rollout.domain.locks import lock_placement, lock_plan
from rollout.domain.readiness import current_guidelines
from rollout.domain.recording import record
from rollout.domain.refusals import Refused, SignOffRefused
from rollout.models import (
    OSLO,
    EventKind,
    GuidelineVersion,
    Placement,
    PlanEvent,
    Rollout,
    Signers,
    SignOff,
    text_hash,
)

UNTIL = "old_counts_until"
#: Who signs for an agency, by what the rollout says; in the order in which a person with several roles signs.
SIGNING_ROLES: dict[Signers, tuple[RoleName, ...]] = {
    Signers.HEAD: (RoleName.AGENCY_HEAD,),
    Signers.HEAD_OR_CHIEF: (RoleName.AGENCY_HEAD, RoleName.COMMUNICATION_CHIEF, RoleName.DEPUTY),
}


# -- the text ------------------------------------------------------------------------------------------------------


def tidy(text: str) -> str:
    """The text as it is kept: a browser's line ends and the space around it are no difference to anybody."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@transaction.atomic
def publish(
    *,
    rollout: Rollout,
    text: str,
    is_material: bool = True,
    old_counts_until: dt.date | None = None,
    by: Person | None,
    now: dt.datetime,
) -> GuidelineVersion:
    """Publish a text as the next version, frozen with its hash.

    A material change asks for new signatures, and the head and chief of each agency that has signed an older text are
    told once. `old_counts_until`: the last day such a signature still counts; None: it counts no more. The first text
    is always material. Nobody's access is closed.

    Raises:
        Refused: the text is empty or the same as the last one, or that day has passed; `field` names which.
    """
    rollout = lock_plan(rollout.pk)
    text, last = tidy(text), current_guidelines(rollout)
    is_material = is_material or last is None
    if not text:
        raise Refused(_("Kjørereglene er tomme. Skriv teksten før du publiserer den."), field="text")
    if last is not None and tidy(last.text) == text:
        raise Refused(
            _("Teksten er den samme som versjon %(number)s. Endre den før du publiserer.") % {"number": last.number},
            field="text",
        )
    if not is_material or last is None:
        old_counts_until = None
    elif old_counts_until is not None and old_counts_until < now.astimezone(OSLO).date():
        raise Refused(_("Dagen har passert. Velg i dag eller en senere dag, eller la feltet stå tomt."), field=UNTIL)
    version = GuidelineVersion.objects.create(
        rollout=rollout,
        number=last.number + 1 if last else 1,
        text=text,
        text_hash=text_hash(text),
        is_material=is_material,
        old_counts_until=old_counts_until,
        published_at=now,
        published_by=by,
    )
    event = record(
        rollout=rollout,
        kind=EventKind.GUIDELINES_PUBLISHED,
        by=by,
        at=now,
        after={
            "version": version.number,
            "hash": version.text_hash,
            "material": is_material,
            UNTIL: old_counts_until.isoformat() if old_counts_until else None,
        },
    )
    if is_material and last is not None:
        signed = signed_before(rollout)
        drafts = emails.guidelines.guidelines_changed(version=version, placements=signed)
        # Who signs has some time to do it in: it may wait until Monday.
        occurrence, until = f"event:{event.pk}", when_not_urgent(now)
        emails.write(drafts, rollout=rollout, occurrence=occurrence, now=now, not_before=until)
    return version


def signed_before(rollout: Rollout) -> list[Placement]:
    """The agencies of queue and waves that have signed some text: those that a material change asks to sign anew."""
    signed = rollout.placements.in_plan().filter(sign_offs__isnull=False).distinct()
    return list(signed.select_related("agency", "wave", "rollout").order_by("agency__name_sort_key"))


# -- who signs, and how they must have signed in -------------------------------------------------------------------


@transaction.atomic
def set_signing(
    *, rollout: Rollout, signers: str, signing_needs_oidc: bool, by: Person | None, now: dt.datetime
) -> PlanEvent | None:
    """Say who signs for an agency, and whether only a personal sign-in will do. None: it is so already.

    Signatures that are given stay as they are.
    """
    rollout = lock_plan(rollout.pk)
    wanted: dict[str, Any] = {"signers": Signers(signers), "signing_needs_oidc": signing_needs_oidc}
    before = {name: getattr(rollout, name) for name, value in wanted.items() if getattr(rollout, name) != value}
    if not before:
        return None
    for name in before:
        setattr(rollout, name, wanted[name])
    rollout.save(update_fields=list(before))
    return record(
        rollout=rollout,
        kind=EventKind.ROLLOUT_EDITED,
        by=by,
        at=now,
        before=before,
        after={name: wanted[name] for name in before},
    )


def not_by_this_sign_in(rollout: Rollout, signed_in_by: str) -> str:
    """Why somebody signed in this way cannot sign, and what to do; empty where nothing is in the way."""
    if not rollout.signing_needs_oidc or signed_in_by == BY_OIDC:
        return ""
    return _(
        "Denne utrullingen krever personlig innlogging for å signere: en kode til en postkasse viser ikke hvem som "
        "signerte. Logg ut, og logg inn igjen med jobbkontoen din."
    )


def not_in_this_role(rollout: Rollout, roles: frozenset[str]) -> str:
    """Why somebody with these roles at the agency cannot sign, and who can; empty where one of them will do."""
    if roles.intersection(SIGNING_ROLES[Signers(rollout.signers)]):
        return ""
    if rollout.signers == Signers.HEAD:
        return _("I denne utrullingen er det bare virksomhetslederen som signerer. Be virksomhetslederen om det.")
    return _("Virksomhetslederen, kommunikasjonssjefen eller en stedfortreder signerer for virksomheten.")


def signs_as(rollout: Rollout, roles: frozenset[str]) -> RoleName | None:
    """The role in which somebody who holds these at the agency signs; None: they do not."""
    return next((role for role in SIGNING_ROLES[Signers(rollout.signers)] if role in roles), None)


@transaction.atomic
def sign(
    *,
    placement: Placement,
    version: GuidelineVersion,
    hash_seen: str,
    by: Person,
    role: str,
    signed_in_by: str,
    now: dt.datetime,
) -> SignOff:
    """Sign a guideline version for an agency: bound to the text's hash, the person, the role and how they signed in.

    Whoever signs gets a receipt by e-mail.

    Raises:
        SignOffRefused: the agency is not in queue or wave, the text seen is not the version's, a newer version is
            published, it is signed already, or the person does not hold the role, the role does not sign in this
            rollout, or the sign-in does not prove who it is.
    """
    placement = lock_placement(placement.pk)
    rollout = placement.rollout
    if not placement.is_in_plan:
        raise SignOffRefused(
            _("%(agency)s står verken i kø eller i en pulje, så det er ingenting å signere.")
            % {"agency": placement.agency}
        )
    held = Role.objects.current().filter(person=by, role=role, agency=placement.agency_id)
    newest = current_guidelines(rollout)
    if newest is None or newest.pk != version.pk or newest.text_hash != hash_seen:
        raise SignOffRefused(_("Kjørereglene er endret siden du leste dem. Les den nye teksten og signer på nytt."))
    existing = SignOff.objects.filter(placement=placement, version=newest).select_related("person").first()
    if existing is not None:
        raise SignOffRefused(_("Kjørereglene er alt signert av %(who)s.") % {"who": existing.person})
    for reason in (not_in_this_role(rollout, frozenset({role})), not_by_this_sign_in(rollout, signed_in_by)):
        if reason:
            raise SignOffRefused(reason)
    if not held.exists():
        raise SignOffRefused(_("Du har ikke lenger rollen som signerer for %(agency)s.") % {"agency": placement.agency})
    sign_off = SignOff.objects.create(
        placement=placement,
        version=newest,
        text_hash=hash_seen,
        person=by,
        role=role,
        signed_in_by=signed_in_by,
        signed_at=now,
    )
    record(
        rollout=rollout,
        kind=EventKind.SIGNED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"version": newest.number, "hash": hash_seen, "role": role, "signed_in_by": signed_in_by},
    )
    receipt = emails.guidelines.sign_receipt(sign_off=sign_off)
    emails.write([receipt], rollout=rollout, occurrence=f"signoff:{sign_off.pk}", now=now)
    return sign_off
