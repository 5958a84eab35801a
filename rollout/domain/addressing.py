"""Addresses the mail server refuses: corrected, or tried again. Until then nothing is sent to them."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from agencies.models import Person, Role
from agencies.people import give_address, has_key
from rollout.domain.inviting import not_to_be_sent_to
from rollout.domain.locks import lock_plan, lock_table
from rollout.domain.recording import record
from rollout.domain.refusals import Refused
from rollout.models import EventKind, OutgoingEmail, PlanEvent, Rollout


@transaction.atomic
def correct(*, person: Person, email: str, rollout: Rollout, by: Person | None, now: dt.datetime) -> PlanEvent:
    """Give the person another address: for what waits, for what comes, and for signing in.

    Raises:
        Refused: it is no address, the same one, or somebody else's; nobody is left who could have it; or the person has
            a key, which whoever is at the new address would be let in without.
    """
    person = _locked(person, rollout)
    if person.erased_at is not None:
        raise Refused(_("Opplysningene om denne personen er slettet. Inviter adressen i stedet."), field="email")
    if has_key(person):
        raise Refused(
            _(
                "%(email)s har en nøkkel for innlogging, som ikke følger med til en annen adresse. Be den som drifter "
                "Puljeplan nullstille innloggingen først (reset_sign_in)."
            )
            % {"email": person.email},
            field="email",
        )
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(_("«%(email)s» er ingen e-postadresse.") % {"email": email}, field="email") from None
    if why := not_to_be_sent_to(email):
        raise Refused(why, field="email")
    if email == person.email:
        raise Refused(_("Det er den samme adressen. Prøv den igjen, hvis den virker nå."), field="email")
    if Person.objects.filter(email=email).exists():
        raise Refused(
            _("%(email)s tilhører en annen. Avslutt rollen her, og inviter den andre.") % {"email": email},
            field="email",
        )
    give_address(person, email)
    OutgoingEmail.objects.not_handed_over().filter(person=person).update(to_address=email)
    # Events outlive people's data, so it tells whose address it was by id alone.
    return record(rollout=rollout, kind=EventKind.ADDRESS_CORRECTED, by=by, at=now, after={"person": person.pk})


@transaction.atomic
def try_again(*, person: Person, rollout: Rollout, by: Person | None, now: dt.datetime) -> PlanEvent:
    """Send to the address again: it works now, or the server was wrong.

    Raises:
        Refused: nothing is wrong with it.
    """
    person = _locked(person, rollout)
    if person.mail_refused_at is None:
        raise Refused(_("Adressen er ikke avvist."))
    person.mail_refused_at, person.mail_refusal = None, ""
    person.save(update_fields=["mail_refused_at", "mail_refusal"])
    return record(rollout=rollout, kind=EventKind.ADDRESS_TRIED, by=by, at=now, after={"person": person.pk})


def _locked(person: Person, rollout: Rollout) -> Person:
    lock_plan(rollout.pk)
    lock_table(Role)  # an invitation of the address comes before or after: it locks the active rollout, not this one
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)
