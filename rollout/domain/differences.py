"""What differs between two texts: line by line, and inside a changed line word by word. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

#: So many unchanged lines are shown on each side of a change.
AROUND = 2
#: Lines less alike than this are told as one taken out and one put in, not word by word.
ALIKE = 0.4
SAME, OUT, IN, CHANGED, SKIPPED = "same", "out", "in", "changed", "skipped"
#: Among so many of the next lines one that is like it is looked for: no text may keep its writer waiting.
LOOK_AHEAD = 30
#: A line of more words is told whole.
LONGEST = 2_000
_WORDS = re.compile(r"\w+")
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """Some words of a changed line. `kind`: same, out or in."""

    kind: str
    text: str


@dataclass(frozen=True)
class Line:
    """A line of the comparison. `kind`: same, out, in, changed, or skipped (`number` unchanged lines left out)."""

    kind: str
    pieces: tuple[Piece, ...] = ()
    number: int = 0


def compare(old: str, new: str) -> list[Line]:
    """The texts' lines in order, with long unchanged stretches left out; empty where nothing differs."""
    if old == new:
        return []
    before, after = old.splitlines(), new.splitlines()
    lines: list[Line] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [Line(SAME, (Piece(SAME, line),)) for line in before[i1:i2]]
        else:
            lines += _replaced(before[i1:i2], after[j1:j2])
    return list(_without_long_stretches(lines))


def _replaced(old: list[str], new: list[str]) -> Iterator[Line]:
    """Each old line with the next new one that is like it, word by word; the others as taken out and put in."""
    at = 0
    for was in old:
        words = ((place, _changed(was, new[place])) for place in range(at, min(at + LOOK_AHEAD, len(new))))
        like = next(((place, line) for place, line in words if line), None)
        if like is None:
            yield from _whole(OUT, [was])
            continue
        yield from _whole(IN, new[at : like[0]])
        yield like[1]
        at = like[0] + 1
    yield from _whole(IN, new[at:])


def _whole(kind: str, lines: list[str]) -> Iterator[Line]:
    return (Line(kind, (Piece(kind, line),)) for line in lines if line.strip())


def _changed(was: str, becomes: str) -> Line | None:
    """The one line as it became the other; None where they are hardly alike."""
    if not _are_alike(_WORDS.findall(was), _WORDS.findall(becomes)):
        return None
    before, after = _PIECES.findall(was), _PIECES.findall(becomes)
    pieces: list[Piece] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        out, put_in = "".join(before[i1:i2]), "".join(after[j1:j2])
        if kind == "equal":
            pieces.append(Piece(SAME, out))
            continue
        pieces += [Piece(OUT, out)] if out else []
        pieces += [Piece(IN, put_in)] if put_in else []
    return Line(CHANGED, tuple(pieces))


def _are_alike(before: list[str], after: list[str]) -> bool:
    """By their words: the spaces and marks between them are the same in any two lines."""
    if not before or not after or max(len(before), len(after)) > LONGEST:
        return False
    matcher = SequenceMatcher(None, before, after)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _without_long_stretches(lines: list[Line]) -> Iterator[Line]:
    changed = [number for number, line in enumerate(lines) if line.kind != SAME]
    near = {number + step for number in changed for step in range(-AROUND, AROUND + 1)}
    left_out = 0
    for number, line in enumerate(lines):
        if number not in near:
            left_out += 1
            continue
        if left_out:
            yield Line(SKIPPED, number=left_out)
            left_out = 0
        yield line
    if left_out:
        yield Line(SKIPPED, number=left_out)
