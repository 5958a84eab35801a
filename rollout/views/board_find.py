"""Finding on the board: which cards are shown, and in which order, as the address says.

`?q=&vis=&type=&sektor=&storrelse=&sorter=` is all there is, so that a view can be shared. The page's script narrows by
the same attributes of the cards without asking the server (`static/js/find.js`): both ways must give the same. Only
cards are hidden. A column's head, its count, places and people are always of the whole wave.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from agencies.models import AgencyKind
from rollout.views.board_data import SIZES, Board, Card, Column, plain

#: What `vis` may ask for.
SHOWN: dict[str, Callable[[Card], bool]] = {
    "": lambda card: True,
    "ikke-klare": lambda card: card.is_stuck,
    "uten-lisenser": lambda card: card.licences_missing > 0,
}
#: What `sorter` may ask for: what it is called, and the key that cards in a column are ordered by.
SORTS: dict[str, tuple] = {
    "": (_("Som i planen"), lambda card: card.place),
    "navn": (_("Navn"), lambda card: (card.sort_key, card.place)),
    "medarbeidere": (_("Flest medarbeidere"), lambda card: (-card.employees, card.place)),
    "mangler": (_("Flest mangler"), lambda card: (-card.problems, card.place)),
}


@dataclass(frozen=True)
class Finding:
    """What is looked for; empty: everything, in the plan's order."""

    q: str = ""
    show: str = ""
    kind: str = ""
    sector: str = ""
    size: str = ""
    sort: str = ""

    @property
    def narrows(self) -> bool:
        return any((self.q.strip(), self.show, self.kind, self.sector, self.size))

    @property
    def is_plain(self) -> bool:
        return not (self.narrows or self.sort)

    @property
    def choices_made(self) -> int:
        """How many of the choices folded away under *Filter* are made."""
        return sum(map(bool, (self.kind, self.sector, self.size, self.sort)))

    def finds(self, card: Card) -> bool:
        return (
            all(word in card.text for word in plain(self.q).split())
            and SHOWN[self.show](card)
            and self.kind in ("", card.kind)
            and self.sector in ("", card.sector)
            and self.size in ("", card.size)
        )


def finding(query: QueryDict) -> Finding:
    """Read the address. What it does not know of is as if it were not there."""

    def one_of(name: str, known) -> str:
        return value if (value := query.get(name, "")) in known else ""

    return Finding(
        q=query.get("q", "")[:100],
        show=one_of("vis", SHOWN),
        kind=one_of("type", AgencyKind.values),
        sector=query.get("sektor", "")[:120],
        size=one_of("storrelse", SIZES),
        sort=one_of("sorter", SORTS),
    )


def narrowed(board: Board, wanted: Finding) -> Board:
    """The board with the cards of each column in the order asked for, and hidden where they are not looked for."""
    if wanted.is_plain:
        return board
    return replace(board, columns=[_narrowed(column, wanted) for column in board.columns])


def _narrowed(column: Column, wanted: Finding) -> Column:
    rows = sorted(column.cards, key=SORTS[wanted.sort][1])
    return replace(column, narrowed=[replace(card, hidden=not wanted.finds(card)) for card in rows])


def found(board: Board, wanted: Finding) -> list[str]:
    """The slugs of those that are looked for, column by column, in the order asked for."""
    return [card.slug for column in narrowed(board, wanted).columns for card in column.rows if not card.hidden]


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


def choices(board: Board) -> dict[str, list[Choice]]:
    """What there is to choose between: the kinds and sectors of this board, sizes, orders."""
    kinds = {card.kind for card in board.cards}
    sectors = {card.sector for card in board.cards} - {""}
    return {
        "kinds": [Choice(value, str(label)) for value, label in AgencyKind.choices if value in kinds],
        "sectors": [Choice(sector, sector) for sector in sorted(sectors)],
        "sizes": [Choice(key, str(label)) for key, (label, _least) in SIZES.items()],
        "sorts": [Choice(key, str(label)) for key, (label, _key) in SORTS.items()],
    }
