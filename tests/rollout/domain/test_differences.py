"""What differs between two texts."""

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
