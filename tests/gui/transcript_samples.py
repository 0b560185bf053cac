"""Messages and conversations for tests, benchmarks and pictures of the transcript."""

from assistant_app.core.conversation import (
    AudioTranscriptPart,
    Conversation,
    Message,
    MessageState,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UsageSummary,
)
from assistant_app.core.views import ConversationView, ShownMessage

CONVERSATION = "c1"
BEGAN = 1_760_000_000.0

MARKDOWN = r"""# Boiling eggs, *properly*

Start with **cold** water, ~~never~~ rarely hot, and use `timer(6)` from [the manual](https://example.org/eggs).
See also https://example.org/wiki/Egg_(food).

## Steps

1. Bring the water to a boil.
2. Lower the heat and add the eggs:
   - soft: 6 minutes
   - firm: 9 minutes
     - *very* firm: 11 minutes
3. Cool them in ice water.

- [x] buy eggs
- [ ] buy salt

> Fresh eggs peel badly.
>
> > That is why older ones are better for salad.

| Firmness | Minutes | Yolk |
|:---------|:-------:|-----:|
| soft | 6 | liquid |
| medium | **7½** | creamy |
| hard | 10 | dry, $T \ge 70\,^\circ\mathrm{C}$ |

The time follows $t \propto d^2$, more exactly

$$
t = \frac{d^2}{\pi^2 k}\,\ln\!\left(0.76\,\frac{T_w - T_0}{T_w - T_y}\right)
$$

and for altitude \(h\): \[ T_w \approx 100 - \frac{h}{300} \]

```python
from dataclasses import dataclass

@dataclass
class Egg:
    '''One egg, before it is boiled.'''
    diameter_mm: float = 44.0

    def minutes(self, firm: bool = False) -> float:
        return 0.0016 * self.diameter_mm ** 2 * (1.5 if firm else 1.0)  # rule of thumb
```

---

![a diagram](https://example.org/egg.png) <b>Not HTML</b>.
"""

CHINESE = """## 如何煮鸡蛋

**“冷水下锅”**是最稳妥的做法：水开后转小火，计时**六分钟**，再放入冰水。更多内容见 https://example.org/蛋，以及下表。

1. 准备两个鸡蛋和一锅水
2. 水开之后*转小火*
   - 溏心：6 分钟
   - 全熟：10 分钟

| 熟度 | 时间 | 蛋黄 |
|------|-----:|:----:|
| 溏心 | 6 分钟 | 流动 |
| 全熟 | 10 分钟 | 干爽 |

> 新鲜鸡蛋不易剥壳。

公式 $t = k d^2$ 给出了时间与直径的关系。

```python
def 煮蛋(分钟: int = 6) -> str:
    return f"煮 {分钟} 分钟"  # 冷水下锅
```
"""

QUESTION = "How long do I boil an egg?\nI like it *soft*, and I live at 1,500 m."


def message(
    identifier: str,
    role: Role,
    text: str = "",
    *,
    parent: str | None = None,
    state: MessageState = MessageState.DONE,
    parts: tuple[Part, ...] = (),
    error: str = "",
    model: str = "Pocket",
    usage: UsageSummary | None = None,
) -> Message:
    """Return one message of the sample conversation."""
    return Message(
        identifier,
        CONVERSATION,
        parent,
        role,
        parts or (TextPart(text),),
        state,
        BEGAN,
        model if role is Role.ASSISTANT else "",
        error,
        usage,
    )


def shown(message: Message, version: int = 1, count: int = 1) -> ShownMessage:
    """Return a message as one of `count` versions."""
    versions = tuple(
        message.id if number == version else f"{message.id}.{number}" for number in range(1, count + 1)
    )
    return ShownMessage(message, version, versions)


def view(*messages: ShownMessage | Message, identifier: str = CONVERSATION) -> ConversationView:
    """Return a conversation with these messages on its branch."""
    rows = tuple(entry if isinstance(entry, ShownMessage) else shown(entry) for entry in messages)
    return ConversationView(Conversation(identifier), rows)


def chat(text: str = MARKDOWN, question: str = QUESTION) -> ConversationView:
    """Return one question and one answer."""
    usage = UsageSummary(120, 40, 320, 0.4, 26.0, 7)
    return view(
        message("q1", Role.USER, question),
        message("a1", Role.ASSISTANT, text, parent="q1", usage=usage),
    )


def states() -> ConversationView:
    """Return every way in which a message can look."""
    thought = (
        ReasoningPart("They ask about eggs.\n\n- size matters\n- so does *altitude*"),
        TextPart("Six minutes."),
    )
    tools = (
        ToolCallPart("t1", "calculator", {"expression": "6 * 1.05"}),
        ToolResultPart("t1", "calculator", "6.3", False, 0.31),
        TextPart("That makes **6.3 minutes**."),
    )
    spoken = (AudioTranscriptPart("And what about two eggs?", "en", 1.8),)
    usage = UsageSummary(120, 40, 12, 0.4, 1.0, 7)
    user, answer, state = Role.USER, Role.ASSISTANT, MessageState
    return view(
        shown(message("q1", user, "How long do I boil an egg?"), 2, 3),
        shown(message("a1", answer, parts=thought, parent="q1", usage=usage), 1, 2),
        message("q2", user, "At 1,500 m?", parent="a1"),
        message("a2", answer, parts=tools, parent="q2", usage=usage),
        message("q3", user, parts=spoken, parent="a2"),
        message("a3", answer, "The same, as long as the water keeps", parent="q3", state=state.STOPPED),
        message("q4", user, "Go on", parent="a3"),
        message("a4", answer, "boiling. More water holds", parent="q4", state=state.INTERRUPTED),
        message("q5", user, "Tell me everything about eggs", parent="a4"),
        message("a5", answer, "Eggs have been eaten since", parent="q5", state=state.LENGTH),
        message("q6", user, "And ostrich eggs?", parent="a5"),
        message(
            "a6", answer, "", parent="q6", state=state.ERROR,
            error="The model stopped: it ran out of memory; your text is kept. Send again to restart it.",
        ),
        message("q7", user, "Are you there?", parent="a6"),
        message("a7", answer, "", parent="q7", state=state.STREAMING),
    )  # fmt: skip


def long_chat(count: int = 120) -> ConversationView:
    """Return `count` messages, questions and answers in turn; more exist before them."""
    entries: list[Message] = []
    for number in range(count):
        role = Role.ASSISTANT if number % 2 else Role.USER
        text = (
            f"Answer {number}: " + "some words of an answer. " * (6 + number % 20)
            if number % 2
            else f"Q {number}?"
        )
        entries.append(message(f"m{number:05}", role, text, parent=f"m{number - 1:05}"))
    return view(*entries)


def five_thousand_words() -> str:
    """Return Markdown of about 5,000 words in which every kind of block occurs."""
    paragraph = (
        "The **quick** brown fox jumps over the *lazy* dog, and `code` appears beside a "
        "[link](https://example.org/x) while the sentence goes on for a while, as answers do. "
    )
    sections = []
    for number in range(40):
        sections.append(f"## Section {number}\n\n{paragraph * 3}\n\n{paragraph}\n")
        sections.append("".join(f"- item {k} of *section* {number}\n" for k in range(5)))
        if number % 4 == 0:
            rows = "".join(f"| row {k} | **{k * number}** | some text |\n" for k in range(6))
            sections.append(f"| name | value | note |\n|---|---|---|\n{rows}")
        if number % 3 == 0:
            code = "".join(f"    total += values[{k}] * 2  # step {k}\n" for k in range(12))
            sections.append(
                f"```python\ndef step_{number}(values):\n    total = 0\n{code}    return total\n```\n"
            )
        if number % 5 == 0:
            sections.append("> A quoted thought that\n> takes two lines.\n")
    return "\n".join(sections)
