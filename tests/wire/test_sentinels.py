"""The values that mean "not given"."""

from antiphon._wire.sentinels import NOT_GIVEN, is_absent, not_given, omit


def test_sentinels_are_false_and_say_their_name() -> None:
    assert (bool(NOT_GIVEN), bool(omit)) == (False, False)
    assert (repr(NOT_GIVEN), repr(omit)) == ("NOT_GIVEN", "omit")
    assert not_given is NOT_GIVEN


def test_only_sentinels_are_absent() -> None:
    assert is_absent(NOT_GIVEN)
    assert is_absent(omit)
    assert not any(is_absent(value) for value in (None, False, 0, "", [], {}, ...))
