"""Guidelines: publishing the text, and an agency's signature under the text that was seen (rule 5)."""

import datetime as dt

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from agencies.models import Person
from rollout.domain.locks import lock_placement, lock_plan
from rollout.domain.recording import record
from rollout.domain.refusals import SignOffRefused
from rollout.models import EventKind, GuidelineVersion, Placement, Rollout, SignOff, text_hash


@transaction.atomic
def publish(
    *, rollout: Rollout, text: str, is_material: bool = True, by: Person | None, now: dt.datetime
) -> GuidelineVersion:
    """Publish a text as the next version, frozen with its hash. A material change asks for new signatures."""
    rollout = lock_plan(rollout.pk)
    number = (rollout.guideline_versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = GuidelineVersion.objects.create(
        rollout=rollout,
        number=number,
        text=text,
        text_hash=text_hash(text),
        is_material=is_material,
        published_at=now,
        published_by=by,
    )
    record(
        rollout=rollout,
        kind=EventKind.GUIDELINES_PUBLISHED,
        by=by,
        at=now,
        after={"version": number, "hash": version.text_hash, "material": is_material},
    )
    return version


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

    Raises:
        SignOffRefused: the text seen is not the version's, a newer version is published, or it is signed already.
    """
    placement = lock_placement(placement.pk)
    newest = placement.rollout.guideline_versions.order_by("-number").first()
    if newest is None or newest.pk != version.pk or newest.text_hash != hash_seen:
        raise SignOffRefused(_("Kjørereglene er endret siden du leste dem. Les den nye teksten og signer på nytt."))
    existing = SignOff.objects.filter(placement=placement, version=newest).select_related("person").first()
    if existing is not None:
        raise SignOffRefused(_("Kjørereglene er alt signert av %(who)s.") % {"who": existing.person})
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
        rollout=placement.rollout,
        kind=EventKind.SIGNED,
        by=by,
        at=now,
        agency=placement.agency,
        wave=placement.wave,
        after={"version": newest.number, "hash": hash_seen, "role": role, "signed_in_by": signed_in_by},
    )
    return sign_off
