"""The system prompt and the sampling of one conversation."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtWidgets import QCheckBox, QFormLayout, QGroupBox, QPlainTextEdit, QWidget

from assistant_app.core.sampling import Sampling
from assistant_app.core.views import ConversationView
from assistant_app.i18n import _
from assistant_app.settings import Settings
from assistant_app.ui.no_wheel import NoWheelSpin
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page
from assistant_app.ui.pages.setting_fields import field_widget

_FIELDS = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty", "max_tokens")


class ConversationPage(Page):
    """Each half can follow the settings or have values of its own."""

    def __init__(self, opener: PageOpener, parent: QWidget, conversation_id: str) -> None:
        super().__init__(
            opener,
            parent,
            "conversation_settings",
            _("Conversation settings"),
            _("They hold for this conversation only, from the next answer on."),
            (560, 580),
        )
        self._id = conversation_id
        self._sampling = Sampling()
        self._prompt_own = QGroupBox(_("Own system prompt"), self)
        self._prompt_own.setObjectName("own_prompt")
        self._prompt = QPlainTextEdit(self)
        self._sampling_own = QGroupBox(_("Own sampling"), self)
        self._sampling_own.setObjectName("own_sampling")
        for group, tip in (
            (self._prompt_own, _("Off: the system prompt of the settings")),
            (self._sampling_own, _("Off: the sampling of the settings")),
        ):
            group.setCheckable(True)
            group.setChecked(False)
            group.setAccessibleName(group.title())
            group.setToolTip(tip)
            self.body.addWidget(group)
        self.body.addStretch(1)
        self.button(
            "save", _("Save"), _("Use these values from the next answer on"), self._save, kind="primary"
        )
        self.button("cancel", _("Cancel"), _("Leave everything as it was (Esc)"), self.close)
        self.bridge.ask(lambda api: api.settings(), self._on_settings, self.show_error, self)

    def _on_settings(self, settings: dict[str, Any]) -> None:
        self.bridge.ask(
            lambda api: api.open_conversation(self._id, last=1),
            lambda view: self._show(settings, view),
            self.show_error,
            self,
        )

    def _show(self, settings: dict[str, Any], view: ConversationView) -> None:
        conversation = view.conversation
        values = dict(settings)
        if conversation.sampling is not None:
            self._sampling = conversation.sampling
            values |= {name: getattr(conversation.sampling, name) or 0 for name in _FIELDS}
        else:
            self._sampling = Settings(**settings).sampling()
        prompt = QFormLayout(self._prompt_own)
        own = conversation.system_prompt
        self._prompt.setPlainText(settings["system_prompt"] if own is None else own)
        self._prompt.setObjectName("conversation_prompt")
        self._prompt.setAccessibleName(_("System prompt"))
        self._prompt.setToolTip(_("Told to the model before this conversation"))
        self._prompt.setTabChangesFocus(True)
        self._prompt.setFixedHeight(110)
        prompt.addRow(self._prompt)
        self._prompt_own.setChecked(own is not None)
        form = QFormLayout(self._sampling_own)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for name in _FIELDS:
            field = Settings.model_fields[name]
            widget = field_widget(name, field, values[name], partial(self._set, name))
            form.addRow(_(field.title or name), widget)
        self._seed_fixed = QCheckBox(_("Same answer each time"), self)
        self._seed_fixed.setObjectName("seed_fixed")
        self._seed_fixed.setAccessibleName(_("Same answer each time"))
        self._seed_fixed.setToolTip(_("Begin each answer with the same random number"))
        self._seed = NoWheelSpin(self)
        self._seed.setObjectName("seed")
        self._seed.setAccessibleName(_("Seed"))
        self._seed.setToolTip(_("The random number that answers begin with"))
        self._seed.setRange(0, 2**31 - 1)
        self._seed.setMaximumWidth(160)
        self._seed_fixed.setChecked(self._sampling.seed is not None)
        self._seed.setValue(self._sampling.seed or 0)
        self._seed.setEnabled(self._sampling.seed is not None)
        self._seed_fixed.toggled.connect(self._seed.setEnabled)
        form.addRow(self._seed_fixed, self._seed)
        self._sampling_own.setChecked(conversation.sampling is not None)

    def _set(self, name: str, value: Any) -> None:
        changes: dict[str, Any] = {name: (value or None) if name == "max_tokens" else value}
        self._sampling = replace(self._sampling, **changes)

    def _save(self) -> None:
        prompt = self._prompt.toPlainText() if self._prompt_own.isChecked() else None
        sampling = None
        if self._sampling_own.isChecked():
            seed = self._seed.value() if self._seed_fixed.isChecked() else None
            sampling = replace(self._sampling, seed=seed)
        self.bridge.ask(
            lambda api: api.configure(self._id, system_prompt=prompt, sampling=sampling),
            lambda _none: self.close(),
            self.show_error,
            self,
        )
