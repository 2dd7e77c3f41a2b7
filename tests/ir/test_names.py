"""New names differ from those that are taken, and texts stay on their line."""

from __future__ import annotations

from mixdown.ir.names import Names, NumberedNames, fresh, printable


def test_a_free_name_stays_as_it_is_and_a_taken_one_gets_marks():
    assert fresh("a", {"b"}) == "a"
    assert fresh("a", {"a", "a'"}) == "a''"
    assert fresh("END", ["END", "END_"], "_") == "END__"


def test_a_name_is_taken_once():
    names = Names(("a",), "~")
    assert [names.take(wanted) for wanted in ("a", "b", "a", "b")] == ["a~", "b", "a~~", "b~"]


def test_numbers_come_before_the_suffix_and_skip_what_is_taken():
    names = NumberedNames(taken={"a_2.wav"})
    found = [names.take("a", suffix=".wav") for _ in range(3)]
    assert found == ["a.wav", "a_3.wav", "a_4.wav"]
    assert names.take("a", prefix="x@") == "x@a"


def test_names_may_be_the_same_but_for_their_case():
    wanted = ("a", "A", "a")
    folded, plain = NumberedNames(folded=True), NumberedNames(separator="-")
    assert [folded.take(name) for name in wanted] == ["a", "A_2", "a_3"]
    assert [plain.take(name) for name in wanted] == ["a", "A", "a-2"]


def test_an_unsafe_name_is_made_safe_before_it_is_compared():
    names = NumberedNames(lambda wanted: wanted.replace("/", "_"))
    assert [names.take(name) for name in ("a/b", "a_b")] == ["a_b", "a_b_2"]


def test_a_printable_text_is_one_line():
    assert printable("a\nb\r\x1b[1mc\u2028d é") == "a�b��[1mc�d é"
