"""How texts are compared."""

from assistant_app.core.word_errors import errors, units


def test_case_marks_and_apostrophes_do_not_count() -> None:
    assert units("Don't STOP, it's 5 o’clock!") == ["dont", "stop", "its", "5", "oclock"]


def test_chinese_is_compared_by_characters_and_mixes_with_words() -> None:
    assert units("你好，world 再见") == ["你", "好", "world", "再", "见"]


def test_errors_are_changes_additions_and_losses() -> None:
    assert errors(["a", "x", "c"], ["a", "b", "c"]) == 1
    assert errors(["a", "b", "c", "d"], ["a", "b", "c"]) == 1
    assert errors([], ["a", "b"]) == 2
    assert errors(["a"], []) == 1
