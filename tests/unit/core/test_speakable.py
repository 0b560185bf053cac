"""What of an answer is read aloud, in both languages, finished and while it is being written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant_app.core.speakable import Speakable, speakable
from assistant_app.core.spoken_formulas import spoken_formula
from assistant_app.core.spoken_words import language_of

ANSWER = r"""# Overview

Here is **bold** and *slanted* text with `snake_case()`; see [the docs](https://docs.python.org/3/ "Docs")
or https://www.example.com/a/b?c=1. It costs $5 and not $E = mc^2$. 😀👍🏽 Good!

1. First
2. Second
   - [x] nested

```python
print("never read")
```

| Fruit | Price |
|-------|------:|
| Apple | 3 |
| Pear | **4** |

> AT&amp;T said<br>nothing.

---
$$
\frac{a}{b}
$$
"""


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("**Bold**, *slanted*, __both__, ~~gone~~ and ***all***.", "Bold, slanted, both, gone and all."),
        ("Call `read_file(path)` now.", "Call read file(path) now."),
        ("Use snake_case here, and 2 * 3.", "Use snake case here, and 2 times 3."),
        ("See [the docs](https://docs.python.org/3/library/) first.", "See the docs first."),
        ("![A red fox](fox.png) runs.", "A red fox runs."),
        ("Go to https://www.example.com/a/b?c=1, then.", "Go to example.com, then."),
        ("Write to <https://qt.io/docs> or (www.qt.io).", "Write to qt.io or (qt.io)."),
        ("Fine 🎉👍🏽 really ❤️!", "Fine really !"),
        ("A note.[^1]\n\n[^1]: The source.", "A note."),
        ("AT&amp;T, 3 &lt; 4, a<b>c</b>", "AT&T, 3 < 4, ac"),
        ("Cats → dogs ≈ pets", "Cats to dogs about pets"),
        ("It costs $5 or $10.", "It costs $5 or $10."),
        (r"Escaped \*stars\* and \$ signs", "Escaped *stars* and $ signs"),
        ("One line\nof a paragraph", "One line of a paragraph"),
        ("Roses are red,  \nviolets are blue", "Roses are red,\nviolets are blue"),
        ("Title\n=====\nText", "Title\nText"),
        ("- a\n* b\n+ [ ] c", "a\nb\nc"),
        ("3. third\n4) fourth", "3, third\n4, fourth"),
        ("> quoted\n> twice", "quoted twice"),
    ],
)
def test_markup_is_not_read(markdown: str, said: str) -> None:
    assert speakable(markdown) == said


def test_code_is_named_in_the_language_of_the_answer() -> None:
    assert speakable("Here:\n```python\nx = 1\n```\nDone.") == "Here:\nCode block.\nDone."
    assert speakable("代码如下：\n```python\nx = 1\n```\n完成。") == "代码如下：\n代码块。\n完成。"
    assert speakable("```\nx\n```", language="zh") == "代码块。"
    assert speakable("- item\n  ~~~\n  ```\n  ~~~\n- next") == "item\nCode block.\nnext"


def test_code_that_is_not_finished_is_named_at_once_and_never_read() -> None:
    stream = Speakable()
    assert stream.feed("Look:\n```py").text == "Look:\n"
    assert stream.feed("thon\n").text == "Code block.\n"
    assert stream.feed('print("a")\n# not a heading\n').text == ""
    assert stream.finish().text == ""


def test_reasoning_and_tool_calls_are_never_read() -> None:
    assert speakable("<think>Let me\n\nsee.</think>The answer.") == "The answer."
    assert speakable('Yes. <tool_call>{"name": "x"}</tool_call>') == "Yes."
    assert speakable("<think>never finished. Really.") == ""
    stream = Speakable()
    said = [stream.feed(letter).text for letter in "Hm <think>secret. Words.</think>said"]
    assert "".join(said) == "Hm said"


def test_tables_are_read_row_by_row() -> None:
    table = "| Fruit | Price | Stock |\n|---|:-:|--:|\n| Apple | 3 | 12 |\n| Pear | **4** | |\n\nAfter."
    assert speakable(table) == (
        "Table: Fruit, Price, Stock.\nApple, Price 3, Stock 12.\nPear, Price 4.\nAfter."
    )
    assert speakable("| 水果 | 价格 |\n|---|---|\n| 苹果 | 3 |") == "表格：水果，价格。\n苹果，3。"
    long = "| n |\n|---|\n" + "".join(f"| {n} |\n" for n in range(30))
    assert speakable(long).splitlines()[-2:] == ["9.", "The other rows are in the text."]


@pytest.mark.parametrize(
    ("latex", "english", "chinese"),
    [
        ("E = mc^2", "E equals m c squared", "E等于m c的平方"),
        (r"\frac{a}{b}", "a over b", "b分之a"),
        (r"\sqrt{x} \leq 3", "the square root of x is at most 3", "根号x小于等于3"),
        (r"\int_0^1 x^3 dx", "the integral from 0 to 1 of x cubed d x", "积分从0到1 x的立方d x"),
        (r"2^{n+1} \cdot \pi", "2 to the power of n plus 1 times pi", "2的n加1次方乘以pi"),
        (r"90^\circ", "90 degrees", "90度"),
        (r"\begin{pmatrix} a & b \end{pmatrix}", "", ""),
        (r"\mystery{x}", "", ""),
        ("{{{{{{{{{{{{x}}}}}}}}}}}}", "", ""),
        ("x+" * 50, "", ""),
        ("{", "", ""),
    ],
)
def test_formulas_become_words_where_there_are_words(latex: str, english: str, chinese: str) -> None:
    assert spoken_formula(latex, chinese=False) == english
    assert spoken_formula(latex, chinese=True) == chinese


def test_formulas_in_answers() -> None:
    assert speakable("So $a^2$ holds.") == "So a squared holds."
    assert speakable(r"So \(a^2\) and \[\frac{1}{2}\] hold.") == "So a squared and 1 over 2 hold."
    assert speakable("Then\n$$\n\\begin{matrix}\n1\n\\end{matrix}\n$$\nfollows.") == "Then formula follows."
    assert speakable("公式 $\\begin{x}$ 很长。") == "公式 公式 很长。"


def test_an_answer_that_comes_letter_by_letter_is_read_the_same() -> None:
    stream = Speakable()
    said = "".join(stream.feed(letter).text for letter in ANSWER) + stream.finish().text
    lines = [" ".join(line.split()) for line in said.split("\n")]
    assert "\n".join(line for line in lines if line) == speakable(ANSWER)


def test_everything_before_something_unfinished_is_said_already() -> None:
    stream = Speakable()
    assert stream.feed("See [the").text == "See "
    assert stream.feed(" docs](http://x.org").text == ""
    assert stream.feed(") now").text == "the docs now"
    assert stream.feed(" and `code").text == " and "
    assert stream.finish().text == "code\n"


MARKS = st.text(alphabet="ab 1.\n*_`~#>-|$\\[]()<!&:/。，你好", max_size=60)


@given(MARKS, st.integers(1, 7))
def test_whatever_comes_every_character_has_its_place_and_nothing_is_lost(text: str, step: int) -> None:
    stream = Speakable()
    pieces = [stream.feed(text[place : place + step]) for place in range(0, len(text), step)]
    pieces.append(stream.finish())
    starts = [start for piece in pieces for start in piece.starts]
    assert all(len(piece.text) == len(piece.starts) for piece in pieces)
    assert starts == sorted(starts)
    assert all(0 <= start <= len(text) for start in starts)
    assert stream.position == len(text)


@pytest.mark.parametrize(
    ("text", "default", "language"),
    [
        ("Good morning.", "en", "en"),
        ("Guten Morgen.", "de", "de"),
        ("Good morning.", "zh", "en"),
        ("早上好。", "en", "zh"),
        ("The Chinese for tea is 茶.", "en", "en"),
        ("这是 API 的用法。", "en", "zh"),
        ("おはようございます。", "en", "ja"),
        ("Доброе утро.", "en", "ru"),
        ("42", "de", "de"),
    ],
)
def test_the_voice_follows_the_letters(text: str, default: str, language: str) -> None:
    assert language_of(text, default) == language
