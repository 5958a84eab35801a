"""What differs between two texts."""

from rollout.domain import differences
from rollout.domain.differences import CHANGED, IN, OUT, SAME, SKIPPED, compare


def told(old, new):
    return [
        (line.kind, [(piece.kind, piece.text) for piece in line.pieces] or line.number) for line in compare(old, new)
    ]


def test_the_same_text_has_no_difference():
    assert compare("En\nto", "En\nto") == []


def test_a_changed_word_is_told_inside_its_line():
    assert told("Vær saklig mot alle.", "Vær vennlig mot alle.") == [
        (CHANGED, [(SAME, "Vær "), (OUT, "saklig"), (IN, "vennlig"), (SAME, " mot alle.")])
    ]


def test_a_line_with_hardly_a_word_in_common_is_one_out_and_one_in():
    assert told("Del aldri passord", "Møt opp klokken åtte!") == [
        (OUT, [(OUT, "Del aldri passord")]),
        (IN, [(IN, "Møt opp klokken åtte!")]),
    ]


def test_long_unchanged_stretches_are_left_out_and_counted():
    old = "\n".join(f"Linje {number}" for number in range(20))
    lines = compare(old, old + "\nNy linje")
    assert [(line.kind, line.number) for line in lines] == [(SKIPPED, 18), (SAME, 0), (SAME, 0), (IN, 0)]


def test_a_line_put_in_beside_a_changed_one_leaves_the_change_inside_its_line():
    old, new = "Vær saklig mot alle.", "Vær vennlig mot alle.\nSkriv klart og på norsk."
    assert [kind for kind, _pieces in told(old, new)] == [CHANGED, IN]
    assert [kind for kind, _pieces in told(new, old)] == [CHANGED, OUT]


def test_the_spaces_that_any_two_lines_share_do_not_make_them_alike():
    old, new = "Del aldri passordet ditt med noen andre.", "Møt opp presist klokken åtte hver mandag."
    assert [kind for kind, _pieces in told(old, new)] == [OUT, IN]


def test_a_text_that_is_another_altogether_is_told_at_once_however_long_it_is(monkeypatch):
    asked = []
    monkeypatch.setattr(differences, "_changed", lambda was, becomes: asked.append((was, becomes)))
    old = "\n".join(f"gammel{number}" for number in range(1000))
    new = "\n".join(f"ny{number}" for number in range(1000))
    lines = compare(old, new)
    assert [line.kind for line in lines] == [OUT] * 1000 + [IN] * 1000
    assert len(asked) <= 1000 * differences.LOOK_AHEAD


def test_a_line_of_very_many_words_is_told_whole():
    old = " ".join(f"ord{number}" for number in range(10_000))
    assert [line.kind for line in compare(old, old + " til")] == [OUT, IN]
