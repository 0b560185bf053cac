"""A sound file as text: how far it is, the text with its times, copying and saving it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QFileDialog, QProgressBar, QWidget

from assistant_app.core.errors import AssistantError, Cancelled
from assistant_app.core.events import Event, FileProgress
from assistant_app.core.subtitles import FORMS
from assistant_app.core.text import N_
from assistant_app.core.voice import (
    Segment,
    SpeechMissing,
    SpeechNotInstalled,
    Transcript,
    TranscriptIncomplete,
)
from assistant_app.i18n import _, translate
from assistant_app.ui.page_opener import PageOpener
from assistant_app.ui.pages.page import Page


class TranscriptPage(Page):
    """Begins as soon as it is opened; closing it stops."""

    def __init__(self, opener: PageOpener, parent: QWidget, *, path: Path) -> None:
        super().__init__(opener, parent, "transcript", _("Transcript of {name}").format(name=path.name))
        self._path = path
        self._shown: tuple[Segment, ...] = ()
        self._transcript: Transcript | None = None
        self._running = True
        self._state = self.label(_("Loading the speech model…"), role="muted")
        self._state.setObjectName("transcript_state")
        self.body.addWidget(self._state)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("transcript_progress")
        self._bar.setAccessibleName(_("How much is transcribed"))
        self._bar.setToolTip(_("How much of the recording is transcribed"))
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self.body.addWidget(self._bar)
        self._text = self.text_box("transcript_text", _("Text with times"), fixed=False)
        self._text.setPlaceholderText(_("The text appears here, half a minute of sound at a time."))
        self.body.addWidget(self._text, 1)
        self._stop = self.button(
            "stop_transcript", _("Stop"), _("Stop; the text so far is kept"), self._cancel
        )
        self._again = self.button(
            "retry_transcript", _("Try again"), _("Transcribe the recording from its beginning"), self._begin
        )
        self._models = self.button(
            "transcript_models",
            _("Speech models…"),
            _("Get or choose a speech model"),
            lambda: opener.page_wanted.emit("speech-models"),
            kind="primary",
        )
        self._copy = self.button(
            "copy_transcript", _("Copy"), _("Copy the text without times"), self._copy_text
        )
        self._save = self.button(
            "save_transcript",
            _("Save…"),
            _("Save as text (.txt), subtitles (.srt, .vtt) or data (.json)"),
            self._choose_file,
            kind="primary",
        )
        self.close_button()
        self.bridge.happened.connect(self._on_event)
        self._begin()

    def _begin(self) -> None:
        self.clear_error()
        self._shown, self._transcript, self._running = (), None, True
        self._text.clear()
        self._bar.setValue(0)
        self._state.setText(_("Loading the speech model…"))
        self._show_buttons()
        self._stop.setFocus()
        self.bridge.ask(
            lambda api: api.voice.transcribe_file(self._path), self._on_done, self._on_failed, self
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._running:
            self._cancel()
        super().closeEvent(event)

    # --- what happens
    def _on_event(self, event: Event) -> None:
        if self._running and isinstance(event, FileProgress) and event.path == str(self._path):
            self._bar.setValue(int(event.fraction * 1000))
            self._state.setText(
                _("Transcribing: {percent} %").format(percent=int(event.fraction * 100))
                if event.fraction
                else _("Transcribing…")
            )
            self._show_segments(event.segments)

    def _on_done(self, transcript: Transcript) -> None:
        self._end(transcript)
        self._state.setText(
            _("Done: {length} of sound.").format(length=_clock(transcript.duration_s))
            if transcript.segments
            else _("No speech was found in this recording.")
        )

    def _on_failed(self, error: AssistantError) -> None:
        self._end(error.transcript if isinstance(error, TranscriptIncomplete) else None)
        if isinstance(error, TranscriptIncomplete) and error.stopped:
            self._state.setText(error.sentence(translate))
        elif isinstance(error, Cancelled):
            self._state.setText(_("Stopped before there was any text."))
        else:
            self._state.setText(_("This recording was not transcribed to its end."))
            self.show_error(error)
        wants_model = isinstance(error, SpeechMissing) and not isinstance(error, SpeechNotInstalled)
        self._models.setVisible(wants_model)

    def _end(self, transcript: Transcript | None) -> None:
        self._running, self._transcript = False, transcript
        if transcript is not None:
            self._show_segments(transcript.segments)
        self._show_buttons()
        (self._save if self._save.isVisibleTo(self) else self._again).setFocus()

    def _show_buttons(self) -> None:
        has_text = self._transcript is not None and bool(self._transcript.segments)
        self._stop.setVisible(self._running)
        self._bar.setVisible(self._running)
        self._again.setVisible(not self._running and not has_text)
        self._models.hide()
        self._copy.setVisible(has_text)
        self._save.setVisible(has_text)

    def _show_segments(self, segments: Sequence[Segment]) -> None:
        """Add what is new; who reads further up is not disturbed."""
        if tuple(segments[: len(self._shown)]) != self._shown:
            self._text.clear()
            self._shown = ()
        lines = [f"{_clock(one.start_s)}  {one.text.strip()}" for one in segments[len(self._shown) :]]
        self._shown = tuple(segments)
        if lines:
            cursor = QTextCursor(self._text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(("" if self._text.document().isEmpty() else "\n") + "\n".join(lines))

    # --- what the buttons do
    def _cancel(self) -> None:
        self.bridge.ask(lambda api: api.voice.cancel_transcription(), None, self.show_error, self)

    def _copy_text(self) -> None:
        if self._transcript is not None:
            QGuiApplication.clipboard().setText(FORMS["txt"](self._transcript))
            self.opener.confirmed.emit(_("The text was copied."))

    def _choose_file(self) -> None:
        dialog = QFileDialog(
            self,
            _("Save the transcript"),
            str(self._path.with_suffix(".txt")),
            ";;".join(
                (
                    _("Text (*.txt)"),
                    _("Subtitles, SubRip (*.srt)"),
                    _("Subtitles, WebVTT (*.vtt)"),
                    _("Data with times (*.json)"),
                )
            ),
        )
        dialog.setObjectName("save_transcript_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setDefaultSuffix("txt")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")"))
        )
        dialog.fileSelected.connect(lambda name: self.save(Path(name)))
        dialog.open()

    def save(self, path: Path) -> None:
        """Write the text in the form that the file's ending names."""
        if self._transcript is None:
            return
        self.clear_error()
        form = path.suffix.lower().removeprefix(".")
        try:
            path.write_text(FORMS.get(form, FORMS["txt"])(self._transcript), encoding="utf-8")
        except OSError as error:
            self.show_error(
                AssistantError(
                    N_("{name} cannot be written: {reason}. The text is still here; save it elsewhere."),
                    name=path.name,
                    reason=error.strerror or str(error),
                )
            )
        else:
            self.opener.confirmed.emit(_("Saved as {name}.").format(name=path.name))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
