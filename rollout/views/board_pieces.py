"""What the board's answers are made of: its columns, and the pieces that an action or another's change renews."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django_htmx.http import trigger_client_event

from agencies.access import Request
from rollout import reference
from rollout.models import CAPACITY, PlanEvent, Rollout
from rollout.permissions import Do, can
from rollout.views import board_find, reuse
from rollout.views.announce import untold
from rollout.views.board_data import Board, Card, Column, Opening
from rollout.views.board_since import since
from rollout.views.numbers import whole

#: What every answer renews around the columns.
AROUND = ("strip", "filters", "proposal", "untold", "jump", "shown", "news")
#: What those of them that cost something are made of: two leads who look on get the same.
_MADE_OF: dict[str, Callable[[Board], object]] = {
    "strip": lambda board: (board.totals, board.segments, _opening(board.next_opening)),
    "filters": lambda board: (board.totals.agencies, board.stuck, board.lacking_licences),
    "jump": lambda board: [(column.key, column.heading, column.state) for column in board.columns],
}


@dataclass(frozen=True)
class Refusal:
    """Why a move was refused, shown in the column it was meant for."""

    column: str
    text: str


def shown_version(request: Request) -> int | None:
    """The last event that the page knows of, as an open board tells it with each request; None without one."""
    told = (request.POST if request.method == "POST" else request.GET).get("since", "")
    return whole(told)


def context_of(request: Request, rollout: Rollout, shown: Board) -> dict:
    return {
        "rollout": rollout,
        "board": shown,
        "can_move": can(request, Do.CHANGE_PLAN),
        "proposal_size": len(proposal(rollout, shown)),
        "untold": untold(request, rollout),
        "capacity": CAPACITY,
        "finding": board_find.Finding(),
    }


def proposal(rollout: Rollout, shown: Board) -> dict[str, int]:
    """The reference rollout's proposed places that can be taken as the plan stands: none unless every wave is empty."""
    if not rollout.is_example or not shown.waves_are_empty:
        return {}
    waves = {column.wave.number for column in shown.columns if column.wave and column.wave.is_planned}
    queued = {card.slug for card in shown.cards}
    return {slug: number for slug, number in reference.proposed_plan().items() if slug in queued and number in waves}


def column_html(context: dict, column: Column) -> SafeString:
    """One column: as it was rendered when it last was the same, or anew where it tells of a refusal."""
    refusal = context.get("refusal")
    if refusal is not None and refusal.column == column.key:
        return _column_anew(context, column)
    around = (context["rollout"].slug, context["can_move"], bool(context.get("oob")), context["finding"].narrows)
    return reuse.part(lambda: _column_anew(context, column), made_of=("column", around, column.made_of))


def _column_anew(context: dict, column: Column) -> SafeString:
    return _render(
        "wave-column", context | {"column": column, "cards": [_card(context, column, c) for c in column.rows]}
    )


def _card(context: dict, column: Column, card: Card) -> SafeString:
    around = (context["rollout"].slug, context["can_move"], column.key)
    return reuse.part(
        lambda: render_to_string("rollout/board/card.html", context | {"column": column, "card": card}),
        made_of=("card", around, card),
    )


def _around(part: str, context: dict) -> SafeString:
    """One of the parts around the columns, for an open board."""
    made_of = _MADE_OF.get(part)
    if made_of is None:
        return _render(part, context)
    return reuse.part(lambda: _render(part, context), made_of=(part, made_of(context["board"])))


def _opening(opening: Opening | None) -> tuple:
    return (opening.wave.number, opening.step, opening.on) if opening else ()


def _render(part: str, context: dict) -> SafeString:
    # Without the request: the frame's context is not for parts, and costs more than they do.
    return render_to_string(f"rollout/board.html#{part}", context)


def pieces(
    request: Request,
    rollout: Rollout,
    shown: Board,
    *,
    say: dict[str, str] | None = None,
    columns: set[str] = frozenset(),  # type: ignore[assignment]
    agency: str = "",
    written: Sequence[PlanEvent] = (),
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    """What has changed on an open board, out of band: `columns`, where `agency` stands, and all since it was shown.

    The board comes to know the plan's version as these pieces show it, so that nothing between is left out: what
    others did meanwhile is sent with what one did oneself. `say` goes to the toast; focus follows `agency`. `written`:
    the events of what one did, where they are at hand.
    """
    known = shown_version(request)
    seen = shown.version if known is None else known
    news = since(rollout, shown, seen=seen, reader=request.user, written=written)
    now_in = shown.column_of(agency)
    keys = columns | news.columns | ({now_in.key} if now_in else set())
    context = context_of(request, rollout, shown) | {
        "oob": True,
        "refusal": refusal,
        "since": news,
        "csrf_token": get_token(request),
    }
    parts: list[str] = []
    for column in shown.columns:
        if column.key in news.added:
            parts.append(f'<div hx-swap-oob="beforeend:#board">{column_html(context | {"oob": False}, column)}</div>')
        elif column.key in keys:
            parts.append(column_html(context, column))
    parts += [_around(part, context) for part in AROUND]
    response = HttpResponse("".join(parts), status=status)
    if say:
        trigger_client_event(response, "say", say)
        trigger_client_event(response, "moved", {"agency": agency}, after="settle")
    return response
