"""What each kind of mail would say, with the plan's own facts, before anybody gets it. Nothing is written or sent.

`KINDS` has a line for every kind: when it is written, to whom, and its drafts for the next occasion. A kind that
follows what people do (a signature, a request) is drafted for the latest of its kind, since nobody knows the next.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Role, RoleName
from rollout import emails
from rollout.domain import funding, opening, readiness, reminding, reporting, signing_off
from rollout.domain.words import long_date
from rollout.emails import Draft
from rollout.models import (
    DateRequest,
    EmailKind,
    EmailState,
    FundingState,
    FundingStatement,
    GuidelineDraft,
    GuidelineVersion,
    JoinRequest,
    RequestState,
    Rollout,
    SignOff,
    Step,
    Wave,
    opening_moment,
    text_hash,
)

#: Of kinds that may be many and alike, so many of the latest are drafted.
LATEST = 5


@dataclass(frozen=True)
class Occasion:
    """`sentence`: what the drafts tell of; or, where there are none, why nothing is at hand."""

    sentence: str
    drafts: Sequence[Draft] = ()


@dataclass(frozen=True)
class Kind:
    """`occasion`: the drafts of the next one, with the facts as they are at that moment."""

    when: str | Promise
    to: str | Promise
    occasion: Callable[[Rollout, dt.datetime], Occasion]


def preview(kind: EmailKind, *, rollout: Rollout, now: dt.datetime) -> Occasion:
    """The drafts of one kind, one for each who would get it. Writes nothing."""
    return KINDS[kind].occasion(rollout, now)


# -- openings ------------------------------------------------------------------------------------------------------


def _leaders_open(rollout: Rollout, now: dt.datetime) -> Occasion:
    wave = _next_wave(rollout, Step.LEADERS)
    if wave is None:
        return Occasion(_("Ingen pulje med virksomheter gjenstår å åpne for ledere."))
    placements = list(wave.placements.placed().select_related("agency"))
    moment = max(opening_moment(wave.leaders_on), now)
    said = _("%(wave)s åpner for ledere %(day)s. De som er klare da, får denne.")
    return Occasion(_about(said, wave, Step.LEADERS), emails.leaders_open(wave=wave, placements=placements, now=moment))


def _all_staff_open(rollout: Rollout, now: dt.datetime) -> Occasion:
    wave = _next_wave(rollout, Step.ALL_STAFF) or _next_wave(rollout, Step.LEADERS)
    if wave is None:
        return Occasion(_("Ingen pulje med virksomheter gjenstår å åpne for alle."))
    placements = list(wave.placements.placed().filter(all_staff_access_at=None).select_related("agency"))
    moment = max(opening_moment(wave.all_staff_on), now)
    said = _("%(wave)s åpner for alle %(day)s. De som ikke holdes tilbake, får denne.")
    drafts = emails.all_staff_open(wave=wave, placements=placements, now=moment)
    return Occasion(_about(said, wave, Step.ALL_STAFF), drafts)


def _held(rollout: Rollout, now: dt.datetime) -> Occasion:
    return _turned_away(
        rollout,
        Step.ALL_STAFF,
        EmailKind.HELD,
        now=now,
        no_wave=_("Ingen pulje er åpnet for ledere og venter på å åpne for alle."),
        some=_("%(wave)s åpner for alle %(day)s. Med det som mangler nå, sendes denne."),
        none=_("%(wave)s åpner for alle %(day)s. Slik det står nå, holdes ingen tilbake."),
    )


def _deferred(rollout: Rollout, now: dt.datetime) -> Occasion:
    return _turned_away(
        rollout,
        Step.LEADERS,
        EmailKind.DEFERRED,
        now=now,
        no_wave=_("Ingen pulje med virksomheter gjenstår å åpne for ledere."),
        some=_("%(wave)s åpner for ledere %(day)s. Med det som mangler nå, sendes denne."),
        none=_("%(wave)s åpner for ledere %(day)s. Slik det står nå, utsettes ingen."),
    )


def _turned_away(
    rollout: Rollout, step: Step, kind: EmailKind, *, now: dt.datetime, no_wave: str, some: str, none: str
) -> Occasion:
    """What the next wave's opening would write to those it does not let in, if it came now."""
    wave = _next_wave(rollout, step)
    if wave is None:
        return Occasion(no_wave)
    drafts = [draft for draft in opening.preview(wave, now=now).messages if draft.kind == kind]
    return Occasion(_about(some if drafts else none, wave, step), drafts)


def _no_decision(rollout: Rollout, now: dt.datetime) -> Occasion:
    ahead = [(wave.day_of(step), wave, step) for wave, step in _steps_ahead(rollout) if not wave.has_go]
    if not ahead:
        return Occasion(_("Hver pulje som gjenstår, har klarsignal."))
    _day, wave, step = min(ahead, key=lambda one: (one[0], one[1].number))
    said = _("%(wave)s har ikke klarsignal til %(day)s. Kommer det ikke, sendes denne.")
    return Occasion(_about(said, wave, step), emails.no_decision(wave=wave, step=step, now=now))


def _your_dates(rollout: Rollout, now: dt.datetime) -> Occasion:
    wave = _next_wave(rollout, Step.LEADERS)
    if wave is None:
        return Occasion(_("Ingen pulje med virksomheter venter på klarsignal."))
    drafts = emails.dates.your_dates(wave=wave, now=now)
    said = _("%(wave)s åpner for ledere %(day)s. Denne sendes når klarsignalet gis.")
    if not drafts:
        said = _("%(wave)s åpner for ledere %(day)s. De som svarer for virksomhetene, har fått datoene.")
    return Occasion(_about(said, wave, Step.LEADERS), drafts)


def _date_changed(rollout: Rollout, now: dt.datetime) -> Occasion:
    """What a lead would announce now."""
    found = emails.announcing.gathered(rollout)
    if not found.notices:
        return Occasion(_("Alle som har fått vite noe om pulje og datoer, har fått vite det planen sier nå."))
    drafts = emails.announcing.drafts(rollout, found, note="", now=now)
    return Occasion(_("Kunngjøres endringene slik planen er nå, sendes denne."), drafts)


def _next_wave(rollout: Rollout, step: Step) -> Wave | None:
    """The first wave with agencies whose next step this is."""
    ahead = [wave for wave, next_step in _steps_ahead(rollout) if next_step == step]
    return min(ahead, key=lambda wave: (wave.day_of(step), wave.number), default=None)


def _steps_ahead(rollout: Rollout) -> list[tuple[Wave, Step]]:
    waves = rollout.waves.filter(placements__isnull=False).distinct().with_latest_decision().select_related("rollout")
    return [(wave, wave.next_step) for wave in waves if wave.next_step is not None]


def _about(sentence: str, wave: Wave, step: Step) -> str:
    return sentence % {"wave": wave, "day": long_date(wave.day_of(step))}


# -- week by week --------------------------------------------------------------------------------------------------


def _weekly_status(rollout: Rollout, now: dt.datetime) -> Occasion:
    week = reporting.coming_week(rollout, now)
    drafts = emails.weekly_status(report=reporting.draft(rollout=rollout, week=week, now=now), now=now)
    day = long_date(reporting.sending_moment(*week).date())
    return Occasion(_("Den neste sendes %(day)s. Tallene er slik de er nå.") % {"day": day}, drafts)


def _reminders(kind: EmailKind, rollout: Rollout, now: dt.datetime) -> Occasion:
    found = reminding.next_of_kind(kind, rollout=rollout, now=now)
    if found is None:
        return Occasion(_("Ingen virksomhet har noe å gjøre som det minnes om de neste ukene."))
    day, drafts = found
    return Occasion(
        _("De neste sendes %(day)s. Det som gjøres før det, er ikke med.") % {"day": long_date(day)}, drafts
    )


# -- people and the guidelines -------------------------------------------------------------------------------------


def _invited(rollout: Rollout, now: dt.datetime) -> Occasion:
    roles = Role.objects.current().filter(person__is_active=True).select_related("person", "agency")
    frame = emails.people.frame(rollout)
    lead = RoleName.PROJECT_LEAD
    latest = roles.order_by("-since", "-pk")[:LATEST]
    drafts = [emails.people.invitation(role, inviter=lead, frame=frame) for role in latest]
    return Occasion(_("Slik blir den for de siste som fikk en rolle, invitert av prosjektlederen."), drafts)


def _sign_receipt(rollout: Rollout, now: dt.datetime) -> Occasion:
    sign_offs = SignOff.objects.filter(placement__rollout=rollout)
    latest = sign_offs.select_related("placement__rollout", "placement__agency", "person", "version").last()
    if latest is None:
        return Occasion(_("Ingen har signert kjørereglene ennå."))
    return Occasion(_("Kvitteringen for den siste signaturen."), [emails.guidelines.sign_receipt(sign_off=latest)])


def _guidelines_changed(rollout: Rollout, now: dt.datetime) -> Occasion:
    current = readiness.current_guidelines(rollout)
    draft = GuidelineDraft.objects.filter(rollout=rollout).first()
    if draft is None or current is None:
        return Occasion(_("Det ligger ikke noe utkast til nye kjøreregler."))
    placements = signing_off.signed_before(rollout)
    if not placements:
        return Occasion(_("Ingen har signert kjørereglene ennå, så ingen må signere på nytt."))
    coming = GuidelineVersion(
        rollout=rollout,
        number=current.number + 1,
        text=draft.text,
        text_hash=text_hash(draft.text),
        published_at=now,
    )
    drafts = emails.guidelines.guidelines_changed(version=coming, placements=placements)
    return Occasion(_("Slik blir den hvis utkastet publiseres nå, som en endring som må signeres."), drafts)


# -- requests and answers ------------------------------------------------------------------------------------------


def _request(rollout: Rollout, now: dt.datetime) -> Occasion:
    dates, joins = _dates(rollout, RequestState.OPEN), _joins(rollout, RequestState.OPEN)
    stated = _funding(rollout).filter(state=FundingState.STATED)
    drafts = [draft for one in dates.reverse()[:LATEST] for draft in emails.asking.date_asked(one)]
    drafts += [draft for one in joins.reverse()[:LATEST] for draft in emails.asking.join_asked(one)]
    waiting = stated.reverse()[:LATEST]
    said = funding.comments_on(waiting)
    for one in waiting:
        drafts += emails.asking.funding_awaits_head(one, comment=said.get(one.pk, ""))
    if not drafts:
        return Occasion(_("Ingen ønsker venter på svar, og ingen finansiering på godkjenning."))
    return Occasion(_("Det som venter på svar eller godkjenning nå."), drafts)


def _answer(rollout: Rollout, now: dt.datetime) -> Occasion:
    answered = (RequestState.ACCEPTED, RequestState.DECLINED)
    date, join = _dates(rollout, *answered).last(), _joins(rollout, *answered).last()
    statement = _funding(rollout).exclude(question="").last()
    drafts = [
        *(emails.asking.date_answered(date) if date else []),
        *(emails.asking.join_answered(join) if join else []),
        *(emails.asking.funding_questioned(statement) if statement else []),
    ]
    if not drafts:
        return Occasion(_("Ingen ønsker er besvart ennå, og ingen har fått spørsmål om finansieringen."))
    return Occasion(_("Det siste svaret av hvert slag."), drafts)


def _dates(rollout: Rollout, *states: RequestState):
    found = DateRequest.objects.filter(placement__rollout=rollout, state__in=states).order_by("pk")
    return found.select_related(
        "placement__rollout", "placement__agency", "placement__wave", "wanted", "moved_to", "asked_by"
    )


def _joins(rollout: Rollout, *states: RequestState):
    found = JoinRequest.objects.filter(rollout=rollout, state__in=states).order_by("pk")
    return found.select_related("rollout", "agency", "asked_by")


def _funding(rollout: Rollout):
    found = FundingStatement.objects.filter(placement__rollout=rollout).order_by("pk")
    return found.select_related("placement__rollout", "placement__agency", "stated_by")


# -- mail about mail -----------------------------------------------------------------------------------------------


def _delivery_failed(rollout: Rollout, now: dt.datetime) -> Occasion:
    failed = rollout.emails.filter(state=EmailState.FAILED).exclude(kind=EmailKind.DELIVERY_FAILED)
    latest = failed.select_related("person", "rollout").order_by("settled_at", "pk").last()
    if latest is None:
        return Occasion(_("Ingen melding har feilet."))
    refused = latest.person.mail_refused_at is not None
    drafts = emails.delivery.failed(latest, address_refused=refused)
    return Occasion(_("Den siste meldingen som ikke kunne leveres."), drafts)


_leads = gettext_lazy("Prosjektledere")
_let_in = gettext_lazy("Virksomhetsleder, kommunikasjonssjef og nøkkelpersoner i dem som slippes inn")
_head_and_chief = gettext_lazy("Virksomhetsleder og kommunikasjonssjef")
_all_three = gettext_lazy("Virksomhetsleder, kommunikasjonssjef og prosjektledere")

KINDS: dict[EmailKind, Kind] = {
    EmailKind.YOUR_DATES: Kind(gettext_lazy("Når klarsignal er gitt"), _head_and_chief, _your_dates),
    EmailKind.LEADERS_OPEN: Kind(gettext_lazy("Når en pulje åpner for ledere"), _let_in, _leaders_open),
    EmailKind.ALL_STAFF_OPEN: Kind(gettext_lazy("Når en pulje åpner for alle"), _let_in, _all_staff_open),
    EmailKind.DEFERRED: Kind(
        gettext_lazy("Når en virksomhet ikke slippes inn ved åpning"),
        _all_three,
        _deferred,
    ),
    EmailKind.HELD: Kind(gettext_lazy("Når noen holdes tilbake ved åpning for alle"), _all_three, _held),
    EmailKind.DATE_CHANGED: Kind(
        gettext_lazy("Når en endring i planen kunngjøres"),
        gettext_lazy("De som har fått vite noe annet enn det planen sier"),
        _date_changed,
    ),
    EmailKind.NO_DECISION: Kind(gettext_lazy("Når dagen kommer uten klarsignal"), _leads, _no_decision),
    EmailKind.TO_DO: Kind(
        gettext_lazy("14, 7 og 2 dager før en frist, og hver uke etter den, til steget er gjort"),
        gettext_lazy("Kommunikasjonssjef, og virksomhetsleder når steget er en uke over fristen"),
        partial(_reminders, EmailKind.TO_DO),
    ),
    EmailKind.AGENCY_WEEK: Kind(
        gettext_lazy("Mandag klokken 8, eller neste arbeidsdag, når noe må gjøres de neste fire ukene"),
        gettext_lazy("Kommunikasjonssjef"),
        partial(_reminders, EmailKind.AGENCY_WEEK),
    ),
    EmailKind.WEEKLY_STATUS: Kind(
        gettext_lazy("Mandag klokken 8, eller neste arbeidsdag"),
        gettext_lazy("Prosjektledere, sponsor og lesere som har bedt om den"),
        _weekly_status,
    ),
    EmailKind.INVITED: Kind(gettext_lazy("Når noen får en rolle"), gettext_lazy("Den som får rollen"), _invited),
    EmailKind.GUIDELINES_CHANGED: Kind(
        gettext_lazy("Når kjørereglene er endret og må signeres på nytt"), _head_and_chief, _guidelines_changed
    ),
    EmailKind.SIGN_RECEIPT: Kind(
        gettext_lazy("Når noen signerer for virksomheten"), gettext_lazy("Den som signerer"), _sign_receipt
    ),
    EmailKind.REQUEST: Kind(
        gettext_lazy("Når en virksomhet ber om noe"),
        gettext_lazy("Prosjektledere; virksomhetsleder når finansieringen venter"),
        _request,
    ),
    EmailKind.ANSWER: Kind(
        gettext_lazy("Når en virksomhet får svar, eller et spørsmål"),
        gettext_lazy("Den som spurte, virksomhetsleder og kommunikasjonssjef"),
        _answer,
    ),
    EmailKind.DELIVERY_FAILED: Kind(gettext_lazy("Når en melding ikke kan leveres"), _leads, _delivery_failed),
}
