"""Facts in, message rows out: who is told what, in which words. Never sends (`rollout.delivery` does).

A verb asks for drafts and writes them in its own transaction, so that a message exists exactly when the fact does
(rule 10). A person gets one mail that lists all their agencies.
"""

from rollout.emails import announcing, asking, code, dates, delivery, guidelines, people, reminding
from rollout.emails.openings import all_staff_open, held, leaders_open, no_decision
from rollout.emails.weekly import weekly_status
from rollout.emails.writing import LANGUAGE, Draft, headlines_alone, write, write_of

__all__ = [
    "LANGUAGE",
    "Draft",
    "all_staff_open",
    "announcing",
    "asking",
    "code",
    "dates",
    "delivery",
    "guidelines",
    "headlines_alone",
    "held",
    "leaders_open",
    "no_decision",
    "people",
    "reminding",
    "weekly_status",
    "write",
    "write_of",
]
