"""The receipt of an answer: which model, which settings, which prompt; and running it again."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QTabWidget, QWidget

from assistant_app.core.errors import AssistantError
from assistant_app.core.text import N_
from assistant_app.core.views import Receipt, Replay
from assistant_app.i18n import _
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page
from assistant_app.ui.wording import day_and_time, number, tokens_per_second

_FIELD_NAMES = {
    "model_sha256": N_("model file"),
    "model_path": N_("model file"),
    "model_name": N_("model"),
    "chat_template": N_("chat template"),
    "library": N_("engine version"),
    "n_ctx_tokens": N_("context window"),
    "n_threads": N_("threads"),
    "prompt": N_("prompt"),
}


class ReceiptPage(Page):
    """Facts, prompt and the result of a replay, one tab each."""

    def __init__(self, opener: PageOpener, parent: QWidget, message_id: str, replay: bool = False) -> None:
        super().__init__(opener, parent, "receipt", _("How this answer came about"), "", (680, 600))
        self._message_id = message_id
        self._receipt: Receipt | None = None
        self._tabs = QTabWidget(self)
        self._tabs.setObjectName("receipt_tabs")
        self._tabs.setAccessibleName(_("How this answer came about"))
        self._tabs.setToolTip(_("Facts, prompt and replay (Ctrl+Tab)"))
        self._facts = QWidget(self)
        self._form = QFormLayout(self._facts)
        self._form.setContentsMargins(4, 12, 4, 4)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._prompt = self.text_box("receipt_prompt", _("Prompt"))
        replay_tab = QWidget(self)
        replay_layout = QFormLayout(replay_tab)
        replay_layout.setContentsMargins(4, 12, 4, 4)
        self._verdict = self.label("")
        self._again = self.text_box("replay_answer", _("Answer of the replay"))
        replay_layout.addRow(self._verdict)
        replay_layout.addRow(self._again)
        self._tabs.addTab(self._facts, _("Facts"))
        self._tabs.addTab(self._prompt, _("Prompt"))
        self._tabs.addTab(replay_tab, _("Replay"))
        self.body.addWidget(self._tabs, 1)
        self._replay_button = self.button(
            "replay",
            _("Replay"),
            _("Answer again with the same seed and prompt, and compare"),
            self._replay,
            kind="primary",
        )
        self.button("copy_receipt", _("Copy"), _("Copy the receipt as text"), self._copy)
        self.close_button()
        self.bridge.ask(lambda api: api.receipt(message_id), self._show, self._on_error, self)
        if replay:
            self._replay()

    def _show(self, receipt: Receipt) -> None:
        self._receipt = receipt
        for name, value in facts(receipt):
            self._form.addRow(f"{name}:", self.label(value))
        self._prompt.setPlainText(receipt.prompt)

    def _replay(self) -> None:
        self.clear_error()
        self._tabs.setCurrentIndex(2)
        self._verdict.setText(_("Answering again…"))
        self._replay_button.setEnabled(False)
        self.bridge.ask(lambda api: api.replay(self._message_id), self._on_replay, self._on_error, self)

    def _on_replay(self, replay: Replay) -> None:
        self._replay_button.setEnabled(True)
        self._verdict.setText(verdict(replay))
        self._again.setPlainText(replay.answer)
        if replay.differs_at is not None:
            cursor = self._again.textCursor()
            cursor.setPosition(min(replay.differs_at, len(replay.answer)))
            cursor.movePosition(cursor.MoveOperation.End, cursor.MoveMode.KeepAnchor)
            self._again.setTextCursor(cursor)

    def _on_error(self, error: AssistantError) -> None:
        self._replay_button.setEnabled(self._receipt is not None)
        self._verdict.setText("")
        self.show_error(error)

    def _copy(self) -> None:
        if self._receipt is not None:
            lines = [f"{name}: {value}" for name, value in facts(self._receipt)]
            QGuiApplication.clipboard().setText("\n".join([*lines, "", self._receipt.prompt]))


def facts(receipt: Receipt) -> list[tuple[str, str]]:
    """Return the receipt as pairs of a name and a value to read."""
    usage, sampling = receipt.usage, receipt.sampling
    return [
        (_("Model"), receipt.model_name),
        (_("File"), receipt.model_path),
        ("SHA-256", receipt.model_sha256),
        (_("Engine"), receipt.library),
        (_("When"), day_and_time(receipt.created_at)),
        (
            _("Prompt"),
            _("{total} tokens, {reused} of them known already, read in {seconds:.1f} s").format(
                total=number(usage.prompt_tokens), reused=number(usage.reused_tokens), seconds=usage.prompt_s
            ),
        ),
        (
            _("Answer"),
            _("{count} tokens in {seconds:.1f} s, {speed}").format(
                count=number(usage.generated_tokens),
                seconds=usage.generation_s,
                speed=tokens_per_second(usage.tokens_per_s),
            ),
        ),
        (_("Context window"), number(receipt.n_ctx_tokens)),
        (_("Threads"), number(receipt.n_threads)),
        (_("Seed"), str(receipt.seed)),
        (
            _("Sampling"),
            _(
                "temperature {temperature}, top-k {top_k}, top-p {top_p}, min-p {min_p},"
                " repeat penalty {penalty}"
            ).format(
                temperature=sampling.temperature,
                top_k=sampling.top_k,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                penalty=sampling.repeat_penalty,
            ),
        ),
    ]


def verdict(replay: Replay) -> str:
    """Return in one or two sentences what a replay gave."""
    if replay.same:
        sentence = _("The same answer, character for character.")
    elif replay.differs_at is None:
        sentence = _("Another answer.")
    else:
        sentence = _("The answers differ from character {position} on; it is marked below.").format(
            position=number(replay.differs_at + 1)
        )
    changed = sorted({_(_FIELD_NAMES.get(name, name)) for name in replay.changed})
    if changed:
        sentence += " " + _("Different today: {names}.").format(names=", ".join(changed))
    return sentence
