"""Employees' own commitments to the guidelines: each person counted once per version, and never listed.

What is kept is a keyed hash, the agency and the day. There is no event for a commitment: the history would become a
list of what each person did and when (P2), so this is the one verb of the plan that records none (rule 9 is about
changes to the plan, and a commitment changes none).
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from agencies import addresses
from agencies.models import Agency
from rollout.domain.readiness import current_guidelines
from rollout.domain.refusals import Refused
from rollout.models import (
    OSLO,
    Commitment,
    CommitmentProof,
    EventKind,
    GuidelineVersion,
    KeptCommitments,
    Placement,
    PlacementStatus,
    Rollout,
)

#: Groups of fewer people are not told of (rule 14).
FEWEST_TOLD = 10

_INSERT = """
INSERT INTO rollout_commitment (version_id, agency_id, person_hash, proof, committed_on)
SELECT %(version)s, %(agency)s, %(person_hash)s, %(proof)s, %(day)s
WHERE NOT EXISTS (
    SELECT FROM rollout_keptcommitments WHERE version_id = %(version)s AND agency_id = %(agency)s
)
ON CONFLICT DO NOTHING
"""


class CommitmentRefused(Refused):
    """The text is not the one that was read, or nobody more is counted."""


# -- one person's ----------------------------------------------------------------------------------------------------


def is_open(rollout: Rollout) -> bool:
    """Whether employees may read the text and commit: not while the plan is only prepared.

    It is open once it is the active one, and stays so when another is, since links to it have been shared; so it is
    with one that was never the active one but has let somebody in.
    """
    return (
        rollout.is_active
        or rollout.events.filter(kind=EventKind.ROLLOUT_ACTIVATED).exists()
        or rollout.waves.filter(leaders_opened_at__isnull=False).exists()
    )


def takes_part(rollout: Rollout) -> QuerySet[Agency]:
    """The agencies whose employees may commit: all that have joined, the pilots too; in Norwegian order."""
    joined = rollout.placements.exclude(status=PlacementStatus.WITHDRAWN).values("agency")
    return Agency.objects.filter(pk__in=joined).in_norwegian_order()


def checked_address(agency: Agency, text: str) -> str:
    """The work address as mail is sent to it.

    Raises:
        Refused: it is no address, or not at one of the agency's own domains.
    """
    try:
        address = addresses.address(text)
        is_theirs = addresses.is_at(address, agency.email_domains)
    except ValueError:
        raise Refused(
            _("«%(typed)s» er ikke en e-postadresse. Skriv den slik: navn@%(domain)s.")
            % {"typed": text.strip()[:80], "domain": next(iter(agency.email_domains), "example.org")},
            field="address",
        ) from None
    if not is_theirs:
        raise Refused(_not_theirs(agency), field="address")
    return address


def _not_theirs(agency: Agency) -> str:
    if not agency.email_domains:
        return _("%(agency)s har ikke lagt inn hvilke e-postadresser de ansatte har. Spør kommunikasjonssjefen.") % {
            "agency": agency
        }
    endings = [f"@{domain}" for domain in agency.email_domains]
    return _("Bruk jobbadressen din i %(agency)s. Den slutter på %(endings)s.") % {
        "agency": agency,
        "endings": _(" eller ").join(endings),
    }


def person_hash(version: GuidelineVersion, address: str) -> bytes:
    """What stands for the person under this version: HMAC-SHA256 of version and mailbox, keyed by COMMITMENT_KEY.

    Without the key nobody can try addresses against it; with another key everybody is somebody new.
    """
    message = f"{version.pk}|{addresses.mailbox(address)}"
    return hmac.digest(settings.COMMITMENT_KEY.encode(), message.encode(), hashlib.sha256)


@transaction.atomic
def commit(
    *, rollout: Rollout, agency: Agency, hash_seen: str, address: str, proof: CommitmentProof, now: dt.datetime
) -> bool:
    """Count the owner of the address as committed to the text with this hash. False: counted before, and not again.

    The caller has had the address proved. Only the constraint keeps two presses apart, so that employees never wait
    for each other nor for the leads: the plan is not locked.

    Raises:
        Refused: a newer text is published, the address is not the agency's, or retention has closed the count.
    """
    newest = current_guidelines(rollout)
    if newest is None or newest.text_hash != hash_seen:
        raise CommitmentRefused(_("Kjørereglene er endret siden du leste dem. Les den nye teksten og godta på nytt."))
    _let_retention_finish(agency)
    address = checked_address(agency, address)
    row: dict[str, Any] = {
        "version": newest.pk,
        "agency": agency.pk,
        "person_hash": person_hash(newest, address),
        "proof": proof,
        "day": now.astimezone(OSLO).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        if cursor.rowcount:
            return True
    if KeptCommitments.objects.filter(version=newest, agency=agency).exists():
        raise CommitmentRefused(
            _("Innføringen i %(agency)s er avsluttet, så ingen flere telles. Kjørereglene gjelder deg like fullt.")
            % {"agency": agency}
        )
    return False


def _let_retention_finish(agency: Agency) -> None:
    """Wait while `keep_only_counts` counts, and hold it off until this one is counted. Edits of the agency go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM agencies_agency WHERE id = %s FOR KEY SHARE", [agency.pk])


@transaction.atomic
def keep_only_counts(
    *, rollout: Rollout, agency: Agency, now: dt.datetime, versions: Iterable[GuidelineVersion] | None = None
) -> int:
    """Delete the agency's hashes and keep how many there were, per version. From then on nobody more is counted.

    `versions`: only these; else all of the rollout's. Also those with none, so that they are closed too. Returns the
    number of hashes deleted.
    """
    Agency.objects.select_for_update().get(pk=agency.pk)  # the full lock: those who are committing now come first
    deleted = 0
    for version in rollout.guideline_versions.order_by("pk") if versions is None else versions:
        hashes = Commitment.objects.filter(version=version, agency=agency)
        gone = hashes.delete()[0]
        KeptCommitments.objects.get_or_create(version=version, agency=agency, defaults={"count": gone, "kept_at": now})
        deleted += gone
    return deleted


# -- the coverage ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What may be told of how many of an agency have committed.

    `number` None: fewer than ten, none included. `at_least`: so many or more, since the exact number would tell that
    fewer than ten have not.
    """

    number: int | None
    headcount: int
    at_least: bool = False

    @property
    def percent(self) -> float | None:
        if self.number is None or not self.headcount:
            return None
        return 100 * self.number / self.headcount


def told(count: int, headcount: int) -> Told:
    """`count` of `headcount`, such that no group under ten can be read or reckoned from it (rule 14)."""
    if count < FEWEST_TOLD:
        return Told(None, headcount)
    if headcount - count < FEWEST_TOLD:
        return Told(max(FEWEST_TOLD, min(count, headcount - FEWEST_TOLD + 1)), headcount, at_least=True)
    return Told(count, headcount)


@dataclass(frozen=True)
class Line:
    """One agency's coverage."""

    placement: Placement
    told: Told


@dataclass(frozen=True)
class Coverage:
    """Agency by agency under one version. The sums are of what the lines tell, so the lines hide what they hide."""

    version: GuidelineVersion | None
    lines: list[Line]

    @property
    def number(self) -> int:
        """At least so many have committed: agencies that are not told of are not in it."""
        return sum(line.told.number or 0 for line in self.lines)

    @property
    def headcount(self) -> int:
        return sum(line.told.headcount for line in self.lines)

    @property
    def untold(self) -> int:
        """How many agencies are not told of."""
        return sum(line.told.number is None for line in self.lines)


def coverage(rollout: Rollout, *, version: GuidelineVersion | None) -> Coverage:
    """How many have committed to the version at each agency that takes part, in Norwegian order. Three queries."""
    placements = (
        rollout.placements.exclude(status=PlacementStatus.WITHDRAWN)
        .select_related("agency", "wave")
        .order_by("agency__name_sort_key", "agency__slug")
    )
    counts = _counts(version) if version else {}
    return Coverage(version, [Line(p, told(counts.get(p.agency_id, 0), p.headcount)) for p in placements])


def of_agency(placement: Placement, *, version: GuidelineVersion) -> Told:
    """How many of one agency have committed to the version."""
    return told(_counts(version, [placement.agency_id]).get(placement.agency_id, 0), placement.headcount)


def _counts(version: GuidelineVersion, agencies: Iterable[int] | None = None) -> dict[int, int]:
    """By agency: what retention has kept, and the hashes there are."""
    rows = Commitment.objects.filter(version=version)
    kept = KeptCommitments.objects.filter(version=version)
    if agencies is not None:
        rows, kept = rows.filter(agency__in=agencies), kept.filter(agency__in=agencies)
    counts = dict(kept.values_list("agency", "count"))
    for agency, number in rows.values_list("agency").annotate(number=Count("pk")).order_by():
        counts[agency] = counts.get(agency, 0) + number
    return counts
