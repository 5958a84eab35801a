"""Events told one by one, for the history of a plan, of an agency and of a wave (rule 9)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Field, Model
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from agencies.models import Agency, RoleName
from rollout.domain.words import thousands
from rollout.models import CourseStep, EventKind, PlacementStatus, PlanEvent, Rollout
from rollout.views import event_words_agency as agency_side
from rollout.views import event_words_wave as wave_side
from rollout.views.event_words_wave import day_told

#: The longest text that is told in full where a field was changed.
TEXT_AT_MOST = 60


def tell(event: PlanEvent, steps: dict[str, str]) -> str:
    """One sentence about the event; `steps` gives the name of each step by its key.

    An undoing tells what it took back; read with `PlanEvent.objects.for_telling()`, that takes no query of its own.
    """
    if event.undoes_id is None or event.undoes is None:
        return _tell(event, steps)
    if event.undoes.undoes_id is not None:
        return _("Angringen er angret: %(what)s") % {"what": _lower(_tell(event, steps))}
    return _("Angret: %(what)s") % {"what": _lower(_tell(event.undoes, steps))}


def _tell(event: PlanEvent, steps: dict[str, str]) -> str:
    try:
        return TELL[EventKind(event.kind)](event, steps)
    except KeyError:  # written before its kind kept what the sentence needs: a history stays readable
        return event.get_kind_display().capitalize()


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def step_names(rollout) -> dict[str, str]:
    """By its key, what a step is called in the newest version of the course that has it."""
    steps = CourseStep.objects.filter(course_version__rollout=rollout).order_by("course_version__number")
    return dict(steps.values_list("key", "name"))


# -- places --------------------------------------------------------------------------------------------------------


def _place(place: dict[str, Any]) -> str:
    number = place.get("wave")
    if number:
        return _("pulje %(number)s") % {"number": number}
    if place.get("status") == PlacementStatus.WITHDRAWN:
        return _("de trukne")
    return _("plass %(place)s i køen") % {"place": place.get("queue_position")}


def _moved(event: PlanEvent, steps: dict[str, str]) -> str:
    before, after = event.before, event.after
    wave = after.get("wave")
    if before.get("status") == after.get("status") and before.get("wave") == wave:
        position = "slot" if wave else "queue_position"
        words = {"number": wave, "before": before.get(position), "after": after.get(position)}
        if wave:
            return _("Flyttet fra plass %(before)s til plass %(after)s i pulje %(number)s") % words
        return _("Flyttet fra plass %(before)s til plass %(after)s i køen") % words
    return _("Flyttet fra %(before)s til %(after)s") % {"before": _place(before), "after": _place(after)}


def _deferred(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Utsatt fra %(before)s til %(after)s") % {"before": _place(event.before), "after": _place(event.after)}


def _withdrawn(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Trukket fra %(place)s") % {"place": _place(event.before)}


def _rejoined(event: PlanEvent, steps: dict[str, str]) -> str:
    said = _("Tilbake i planen, i %(place)s") if event.after.get("wave") else _("Tilbake i planen, på %(place)s")
    return said % {"place": _place(event.after)}


def _unpinned(event: PlanEvent, steps: dict[str, str]) -> str:
    reason = event.before["reason"].rstrip(".")
    return _("Plasseringen er låst opp (var låst: %(reason)s)") % {"reason": reason}


def _chosen(event: PlanEvent, steps: dict[str, str]) -> str:
    number = event.after.get("wave")
    where = _("pulje %(number)s") % {"number": number} if number else _("fremst i køen")
    return _("Blir virksomheten ikke klar, går den til: %(where)s") % {"where": where}


# -- the course ----------------------------------------------------------------------------------------------------


def _step(said: str) -> Callable[[PlanEvent, dict[str, str]], str]:
    def teller(event: PlanEvent, steps: dict[str, str]) -> str:
        key = event.after["step"]
        return f"{_(said)}: {steps.get(key, key)}"

    return teller


def _key_people(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Antall nøkkelpersoner satt til %(number)s") % {"number": thousands(event.after["key_people"])}


def _signed(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Signerte kjørereglene, versjon %(number)s") % {"number": event.after["version"]}


def _published(event: PlanEvent, steps: dict[str, str]) -> str:
    said = _("Kjøreregler, versjon %(number)s, er publisert") % {"number": event.after["version"]}
    return said if event.after.get("material", True) else _("%(said)s, uten krav om ny signatur") % {"said": said}


# -- money ---------------------------------------------------------------------------------------------------------


def _funding(event: PlanEvent, steps: dict[str, str]) -> str:
    before, after = event.before, event.after
    changed = []
    if before.get("funded") != after["funded"]:
        words = {"after": thousands(after["funded"]), "before": thousands(before.get("funded") or 0)}
        changed.append(_("Finansierte lisenser satt til %(after)s (før: %(before)s)") % words)
    cost = after.get("implementation_cost_nok")
    if cost is not None and before.get("implementation_cost_nok") != cost:
        words = {"after": thousands(cost), "before": thousands(before.get("implementation_cost_nok") or 0)}
        changed.append(_("Satt av til innføring: %(after)s kr (før: %(before)s kr)") % words)
    reference = after.get("budget_reference")
    if reference is not None and before.get("budget_reference") != reference:
        changed.append(_("Budsjettreferanse: %(reference)s") % {"reference": reference or _("ingen")})
    return "; ".join([*changed[:1], *map(_lower, changed[1:])])


def _pool_set(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Lisenser i avtalen satt til %(after)s (før: %(before)s)") % {
        "after": thousands(event.after["pool"]),
        "before": thousands(event.before.get("pool") or 0),
    }


def _price_set(event: PlanEvent, steps: dict[str, str]) -> str:
    before, after = event.before.get("price_nok"), event.after.get("price_nok")
    words = {"day": day_told(event.after["valid_from"]), "before": _kroner(before), "after": _kroner(after)}
    if after is None:
        return _("Prisen fra %(day)s er tatt ut (var %(before)s per lisens i måneden)") % words
    if before is None:
        return _("Prisen fra %(day)s er %(after)s per lisens i måneden") % words
    return _("Prisen fra %(day)s er %(after)s per lisens i måneden (før: %(before)s)") % words


def _kroner(amount: str | None) -> str:
    """ "27.50" -> "27,50 kr"; whole kroner without øre."""
    number = Decimal(amount or 0)
    whole, ore = int(number), round(number % 1 * 100)
    return f"{thousands(whole)}{f',{ore:02}' if ore else ''}\N{NO-BREAK SPACE}kr"


# -- agencies, people, mail, the rollout itself --------------------------------------------------------------------


def _fields(event: PlanEvent, model: type[Model], said: str) -> str:
    """Which fields were changed, from what to what; nothing before: only what they became."""
    fields, changes = {field.name: field for field in model._meta.concrete_fields}, []
    for name, after in event.after.items():
        field = fields[name]
        label, before = str(field.verbose_name), event.before.get(name)
        if name == "status_note":
            changes.append(label)
            continue
        words = {"field": label, "before": _value(field, before), "after": _value(field, after)}
        changes.append(_("%(field)s fra %(before)s til %(after)s") % words)
    return f"{said}: {', '.join(changes)}"


def _value(field: Field, value: Any) -> str:
    if value in (None, "", []):
        return _("ingen")
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, bool):
        return _("ja") if value else _("nei")
    if isinstance(value, int):
        return thousands(value)
    if field.get_internal_type() == "DateField":
        return day_told(value)
    return f"«{Truncator(str(dict(field.flatchoices).get(value, value))).chars(TEXT_AT_MOST)}»"


def _imported(event: PlanEvent, steps: dict[str, str]) -> str:
    if event.before:
        return _fields(event, Agency, _("Endret ved import"))
    employees = event.after.get("employees")
    if employees is None:
        return _("Lagt inn ved import")
    return _("Lagt inn ved import, med %(employees)s medarbeidere") % {"employees": thousands(employees)}


def _role_given(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Ny rolle gitt: %(role)s") % {"role": RoleName(event.after["role"]).label}


def _role_ended(event: PlanEvent, steps: dict[str, str]) -> str:
    return _("Rolle avsluttet: %(role)s") % {"role": RoleName(event.before["role"]).label}


def _settled(event: PlanEvent, steps: dict[str, str]) -> str:
    if event.after["was_sent"]:
        return _("En melding som ble avbrutt, er avklart: den ble sendt")
    return _("En melding som ble avbrutt, er avklart: den ble ikke sendt, og sendes på nytt")


def _blackout(said: str) -> Callable[[PlanEvent, dict[str, str]], str]:
    def teller(event: PlanEvent, steps: dict[str, str]) -> str:
        period = event.after or event.before
        first, last = day_told(period["first_day"]), day_told(period["last_day"])
        return _("%(said)s: «%(name)s», %(days)s (%(kind)s)") % {
            "said": _(said),
            "name": period["name"],
            "days": first if first == last else _("%(first)s til %(last)s") % {"first": first, "last": last},
            "kind": _("ingenting åpner") if period["hard"] else _("det varsles"),
        }

    return teller


def _created(event: PlanEvent, steps: dict[str, str]) -> str:
    said = _("Utrullingen «%(name)s» er opprettet") % {"name": event.after["name"]}
    template = event.after.get("template")
    return _("%(said)s etter malen av «%(template)s»") % {"said": said, "template": template} if template else said


def _activated(event: PlanEvent, steps: dict[str, str]) -> str:
    words = {"before": event.before["active"], "after": event.after["active"]}
    if words["before"] is None:
        return _("«%(after)s» er gjort til aktiv utrulling") % words
    return _("«%(after)s» er gjort til aktiv utrulling i stedet for «%(before)s»") % words


def _scenario_adopted(event: PlanEvent, steps: dict[str, str]) -> str:
    after = event.after
    done = [
        ngettext("%(n)s flytting", "%(n)s flyttinger", after["moves"]) % {"n": after["moves"]},
        ngettext("%(n)s pulje med nye datoer", "%(n)s puljer med nye datoer", after["dates"]) % {"n": after["dates"]},
        ngettext("%(n)s ny pulje", "%(n)s nye puljer", after["waves"]) % {"n": after["waves"]},
    ]
    told = ", ".join(said for said, name in zip(done, ("moves", "dates", "waves"), strict=True) if after[name])
    whole = after["moves"] + after["dates"] + after["waves"] == after["of"]
    said = _("Scenarioet «%(name)s» er tatt i bruk: %(told)s")
    if not whole:
        said = _("En del av scenarioet «%(name)s» er tatt i bruk: %(told)s")
    return said % {"name": after["name"], "told": told}


def _just(sentence: str) -> Callable[[PlanEvent, dict[str, str]], str]:
    return lambda event, steps: _(sentence)


def _announced(event: PlanEvent, steps: dict[str, str]) -> str:
    return ngettext(
        "Endringene i planen er kunngjort for %(n)s person",
        "Endringene i planen er kunngjort for %(n)s personer",
        event.after["people"],
    ) % {"n": event.after["people"]}


#: How each kind is told. A kind without a line is told by its name; its test fails.
TELL: dict[EventKind, Callable[[PlanEvent, dict[str, str]], str]] = {
    EventKind.JOINED: _just(gettext_noop("Lagt i køen")),
    EventKind.PILOT_MARKED: _just(gettext_noop("Merket som pilot")),
    EventKind.MOVED: _moved,
    EventKind.DEFERRED: _deferred,
    EventKind.WITHDRAWN: _withdrawn,
    EventKind.REJOINED: _rejoined,
    EventKind.PINNED: _just(gettext_noop("Plasseringen er låst")),
    EventKind.UNPINNED: _unpinned,
    EventKind.DEFERRAL_CHOSEN: _chosen,
    EventKind.WAVE_ADDED: wave_side.wave_added,
    EventKind.DATES_SET: wave_side.dates_set,
    EventKind.CAP_SET: wave_side.cap_set,
    EventKind.DECIDED: wave_side.decided,
    EventKind.NO_DECISION: wave_side.no_decision,
    EventKind.LEADERS_OPENED: wave_side.opened,
    EventKind.ALL_STAFF_OPENED: wave_side.opened,
    EventKind.HELD: _just(gettext_noop("Åpningen for alle ble holdt tilbake")),
    EventKind.RELEASED: _just(gettext_noop("Sluppet inn for alle")),
    EventKind.STEP_CONFIRMED: _step(gettext_noop("Bekreftet")),
    EventKind.STEP_WAIVED: _step(gettext_noop("Fritatt fra")),
    EventKind.WAIVER_TAKEN_BACK: _step(gettext_noop("Fritaket er tatt tilbake")),
    EventKind.KEY_PEOPLE_STATED: _key_people,
    EventKind.GUIDELINES_PUBLISHED: _published,
    EventKind.SIGNED: _signed,
    EventKind.READINESS_CONFIRMED: _just(gettext_noop("Meldt klar")),
    EventKind.FUNDING_SET: _funding,
    EventKind.POOL_SET: _pool_set,
    EventKind.PRICE_SET: _price_set,
    EventKind.AGENCY_IMPORTED: _imported,
    EventKind.AGENCY_EDITED: lambda event, steps: _fields(event, Agency, _("Endret")),
    EventKind.ROLE_GIVEN: _role_given,
    EventKind.ROLE_ENDED: _role_ended,
    EventKind.MESSAGE_SETTLED: _settled,
    EventKind.BLACKOUT_ADDED: _blackout(gettext_noop("Sperreperiode lagt inn")),
    EventKind.BLACKOUT_REMOVED: _blackout(gettext_noop("Sperreperiode fjernet")),
    EventKind.FEED_MADE: _just(gettext_noop("Ny hemmelig kalenderadresse er laget")),
    EventKind.FEED_REVOKED: _just(gettext_noop("Den hemmelige kalenderadressen er trukket tilbake")),
    EventKind.ROLLOUT_CREATED: _created,
    EventKind.ROLLOUT_EDITED: lambda event, steps: _fields(event, Rollout, _("Utrullingen er endret")),
    EventKind.ROLLOUT_ACTIVATED: _activated,
    EventKind.STEP_WITHDRAWN: _step(gettext_noop("Trakk bekreftelsen")),
    EventKind.READINESS_WITHDRAWN: _just(gettext_noop("Trakk klarmeldingen")),
    EventKind.FUNDING_STATED: agency_side.funding_stated,
    EventKind.FUNDING_QUESTIONED: _just(gettext_noop("Spørsmål om finansieringen")),
    EventKind.DATE_ASKED: agency_side.date_asked,
    EventKind.DATE_ANSWERED: agency_side.date_answered,
    EventKind.JOIN_ASKED: agency_side.join_asked,
    EventKind.JOIN_ANSWERED: agency_side.join_answered,
    EventKind.COURSE_PUBLISHED: agency_side.course_published,
    EventKind.CASE_SET: agency_side.case_set,
    EventKind.PERSON_ERASED: _just(gettext_noop("Navn og adresse til en person er slettet")),
    EventKind.RETENTION_ENFORCED: agency_side.retention_enforced,
    EventKind.MAIL_HELD: _just(gettext_noop("All e-post er holdt tilbake")),
    EventKind.MAIL_RELEASED: _just(gettext_noop("E-posten er sluppet igjen")),
    EventKind.MESSAGE_RESENT: _just(gettext_noop("En melding er sendt på nytt")),
    EventKind.ADDRESS_CORRECTED: _just(gettext_noop("E-postadressen til en person er rettet")),
    EventKind.ADDRESS_TRIED: _just(gettext_noop("E-postadressen til en person prøves igjen")),
    EventKind.CHANGES_ANNOUNCED: _announced,
    EventKind.FIGURES_ENTERED: wave_side.figures_entered,
    EventKind.LESSON_WRITTEN: wave_side.lesson,
    EventKind.REVIEW_CLOSED: wave_side.review_closed,
    EventKind.CRITERIA_SET: _just(gettext_noop("Kriteriene for evaluering er endret")),
    EventKind.SCENARIO_ADOPTED: _scenario_adopted,
}
