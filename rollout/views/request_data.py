"""What agencies ask for, as plain values: read in a number of queries that does not grow with them."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse

from agencies.models import Agency, Person
from rollout.models import DateRequest, FundingState, FundingStatement, JoinRequest, RequestState, Rollout, Wave

ANSWERED_IN_SIGHT = 20


@dataclass(frozen=True)
class Asked:
    """One request of either kind. `wanted` and `place` only where another date is asked for."""

    request: DateRequest | JoinRequest
    agency: Agency
    url: str
    wanted: Wave | None = None
    place: Wave | None = None

    @property
    def is_date(self) -> bool:
        return isinstance(self.request, DateRequest)

    @property
    def asked_at(self) -> dt.datetime:
        return self.request.asked_at

    @property
    def asked_by(self) -> Person:
        return self.request.asked_by


@dataclass(frozen=True)
class AllRequests:
    waiting: list[Asked]
    answered: list[Asked]
    questions: list[FundingStatement]


def all_requests(rollout: Rollout) -> AllRequests:
    dates = _dates(rollout).exclude(state=RequestState.OPEN).order_by("-pk")[:ANSWERED_IN_SIGHT]
    joins = _joins(rollout).exclude(state=RequestState.OPEN).order_by("-pk")[:ANSWERED_IN_SIGHT]
    answered = [*(_date(rollout, one) for one in dates), *(_join(rollout, one) for one in joins)]
    answered.sort(key=lambda one: one.request.answered_at or one.asked_at, reverse=True)
    return AllRequests(waiting(rollout), answered[:ANSWERED_IN_SIGHT], unanswered_questions(rollout))


def waiting(rollout: Rollout) -> list[Asked]:
    """What is open, the oldest first: two queries."""
    return _waiting(rollout, _dates(rollout), _joins(rollout))


def waiting_of(rollout: Rollout, agency: Agency) -> list[Asked]:
    """What is open of one agency's."""
    return _waiting(rollout, _dates(rollout).filter(placement__agency=agency), _joins(rollout).filter(agency=agency))


def _waiting(rollout: Rollout, dates, joins) -> list[Asked]:
    found = [_date(rollout, one) for one in dates.filter(state=RequestState.OPEN)]
    found += [_join(rollout, one) for one in joins.filter(state=RequestState.OPEN)]
    return sorted(found, key=lambda one: one.asked_at)


def unanswered_questions(rollout: Rollout) -> list[FundingStatement]:
    """Statements that UKE has asked about, and that the agency has not stated anew."""
    stated = FundingStatement.objects.filter(placement__rollout=rollout).exclude(state=FundingState.REPLACED)
    return list(stated.exclude(question="").select_related("placement__agency").order_by("questioned_at"))


def _dates(rollout: Rollout):
    return DateRequest.objects.filter(placement__rollout=rollout).select_related(
        "placement__agency", "placement__wave", "wanted", "moved_to", "asked_by", "answered_by"
    )


def _joins(rollout: Rollout):
    return rollout.join_requests.select_related("agency", "asked_by", "answered_by")


def _date(rollout: Rollout, one: DateRequest) -> Asked:
    url = reverse("rollout:request-date", args=[rollout.slug, one.pk])
    return Asked(one, one.placement.agency, url, wanted=one.wanted, place=one.placement.wave)


def _join(rollout: Rollout, one: JoinRequest) -> Asked:
    return Asked(one, one.agency, reverse("rollout:request-join", args=[rollout.slug, one.pk]))
