"""The line at the bottom: what the model is doing, how fast, and how full its context is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.events import ContextReport, EngineState, EngineStateChanged, TurnPhase, TurnProgress
from assistant_app.i18n import _
from assistant_app.ui.context_strip import ContextStrip
from assistant_app.ui.elided_label import ElidedLabel
from assistant_app.ui.theme import Theme
from assistant_app.ui.wording import number, tokens_per_second


class StatusLine(QWidget):
    """Engine state and progress at the left, the strip in the middle, speed and context at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_line")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._phase: TurnPhase | None = None
        self.state = self._label("engine_state", _("What the model is doing"))
        self.state.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.progress = QProgressBar(self)
        self.progress.setObjectName("turn_progress")
        self.progress.setAccessibleName(_("Progress"))
        self.progress.setToolTip(_("How much has been loaded or read"))
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 100)
        self.progress.setFixedWidth(110)
        self.progress.hide()
        self.strip = ContextStrip(theme, self)
        self.speed = self._label("speed", _("How fast the last answer was written"))
        self.context = self._label("context_use", _("Tokens in use of the model's context window"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 2, 14, 6)
        layout.setSpacing(12)
        layout.addWidget(self.state)
        layout.addWidget(self.progress)
        layout.addWidget(self.strip, 1)
        layout.addStretch(0)
        layout.addWidget(self.speed)
        layout.addWidget(self.context)

    def show_progress(self, progress: TurnProgress | None) -> None:
        """Show where the answer is; None when none is being written."""
        self._phase = progress.phase if progress is not None else None
        if progress is None:
            self.state.setText(_("Ready"))
            self.progress.hide()
            return
        percent = round(100 * progress.fraction)
        if progress.phase is TurnPhase.WAITING:
            self.state.setText(_("Waiting for another answer…"))
        elif progress.phase is TurnPhase.LOADING:
            self.state.setText(_("Loading the model…"))
        elif progress.phase is TurnPhase.READING:
            text = _("Reading {total} tokens…").format(total=number(progress.total_tokens))
            if progress.reused_tokens:
                text = _("Reading {total} tokens, {reused} known already…").format(
                    total=number(progress.total_tokens), reused=number(progress.reused_tokens)
                )
            self.state.setText(text)
        elif progress.phase is TurnPhase.TOOL:
            self.state.setText(_("Using {tool}…").format(tool=progress.tool))
        else:
            self.state.setText(_("Writing…"))
        self.progress.setValue(percent)
        self.progress.setVisible(progress.phase in (TurnPhase.LOADING, TurnPhase.READING))

    def show_engine(self, event: EngineStateChanged) -> None:
        """Show what happens to the engine while no answer tells more."""
        if self._phase is not None:
            return
        words = {
            EngineState.STOPPED: _("Ready"),
            EngineState.STARTING: _("Starting the engine…"),
            EngineState.IDLE: _("Ready"),
            EngineState.LOADING: _("Loading the model…"),
            EngineState.READY: _("Ready"),
            EngineState.BUSY: _("Working…"),
            EngineState.CRASHED: _("The engine stopped"),
            EngineState.GIVEN_UP: _("The engine keeps stopping"),
        }
        self.state.setText(words[event.state])

    def show_speed(self, tokens_per_s: float, *, measured: bool) -> None:
        """Show a speed: measured by the engine, or counted here while it writes."""
        text = tokens_per_second(tokens_per_s) if tokens_per_s > 0 else ""
        self.speed.setText(text if measured or not text else f"≈ {text}")

    def show_usage(self, usage: UsageSummary | None) -> None:
        """Show what the last answer cost."""
        self.show_speed(usage.tokens_per_s if usage is not None else 0.0, measured=True)

    def show_context(self, report: ContextReport | None) -> None:
        """Show how full the context window is, and of what."""
        self.strip.show_report(report)
        if report is None or not report.available_tokens:
            self.context.setText("")
            return
        self.context.setText(
            _("{used} of {available} tokens").format(
                used=number(report.used_tokens), available=number(report.available_tokens)
            )
        )

    def _label(self, name: str, tooltip: str) -> ElidedLabel:
        label = ElidedLabel(self)
        label.setObjectName(name)
        label.setToolTip(tooltip)
        return label
