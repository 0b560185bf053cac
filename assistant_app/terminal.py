"""Conversing in a terminal, on the same worker, store and engine as the window."""

import contextlib
import importlib
import json
import queue
import sys
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any

from assistant_app.core.conversation import Message, ToolCallPart, ToolResultPart
from assistant_app.core.errors import AssistantError
from assistant_app.core.events import (
    ContextReport,
    Event,
    Notice,
    ReminderDue,
    TextDelta,
    ToolCallEnded,
    ToolCallStarted,
    TurnEnded,
    TurnPhase,
    TurnProgress,
    Visibility,
)
from assistant_app.i18n import _, translate
from assistant_app.reminder_wording import reminder_sentence

if TYPE_CHECKING:
    from assistant_app.worker.thread import WorkerThread

HELP = """/new      start a new conversation
/model ID answer with another model
/retry    answer the last question again
/quit     leave (also Ctrl+D)
Ctrl+C    stop the answer"""

_LONGEST_RESULT = 300


class Terminal:
    """One conversation on stdin and stdout. A context manager: leaving it closes the worker."""

    def __init__(
        self,
        worker: "WorkerThread",
        conversation_id: str | None,
        model: str | None,
        system_prompt: str | None,
        *,
        quiet: bool = False,
        shows_tools: bool = False,
    ) -> None:
        """Take what to converse in.

        Args:
            worker: Not yet started.
            conversation_id: One to go on with; None begins a new one at the first question.
            model: For a new conversation; None is the one from the settings.
            system_prompt: For a new conversation; None is the one from the settings.
            quiet: Do not print the answer while it streams.
            shows_tools: Print each tool call as a line on stderr.
        """
        self._worker = worker
        self._conversation_id = conversation_id
        self._model = model
        self._system_prompt = system_prompt
        self._quiet = quiet
        self._shows_tools = shows_tools and not quiet
        self._calls: dict[str, ToolCallPart] = {}
        self._in_line = False
        """Text of the answer was printed, and no line break after it."""
        self._gap = False
        """What comes next is a new paragraph of the answer."""
        self._told_shortened = 0
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._status_shown = False
        self.interrupted = False

    def __enter__(self) -> "Terminal":
        self._worker.api.subscribe(self._hear)
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.stop()

    def _hear(self, event: Event) -> None:
        """Take an event on the worker's thread; a reminder is said at once, whatever is typed meanwhile."""
        if isinstance(event, ReminderDue):
            print(f"\a{reminder_sentence(event)}", file=sys.stderr, flush=True)
        else:
            self._events.put(event)

    def ask(self, text: str) -> Message:
        """Send a question, print the answer as it comes, return it. Ctrl+C stops it and keeps the text."""
        conversation_id = self._conversation()
        self._await(self._worker.api.submit(conversation_id, text))
        return self._follow(conversation_id)

    def converse(self) -> int:
        """Read questions until the end of input; return the exit code."""
        with contextlib.suppress(ImportError):
            importlib.import_module("readline")  # line editing, where the platform has it
        interactive = sys.stdin.isatty()
        if interactive:
            print(_("Assistant on this computer. /help shows what you can type; Ctrl+D leaves."))
        while True:
            try:
                line = input("> " if interactive else "")
            except EOFError:
                return 0
            except KeyboardInterrupt:
                print()
                return 0
            try:
                if not self._handle(line.strip()):
                    return 0
            except AssistantError as error:
                print(error.sentence(translate), file=sys.stderr)

    def _handle(self, line: str) -> bool:
        """Carry out one line; return whether to go on."""
        command, _space, argument = line.partition(" ")
        if not line:
            return True
        if command == "/quit":
            return False
        if command == "/help":
            print(HELP)
        elif command == "/new":
            self._conversation_id = None
        elif command == "/model":
            self._await(self._worker.api.choose_model(argument.strip(), self._conversation()))
        elif command == "/retry":
            self._retry()
        elif command.startswith("/"):
            print(_("There is no command {command}; /help lists them.").format(command=command))
        else:
            self._print_error(self.ask(line))
        return True

    def _retry(self) -> None:
        conversation_id = self._conversation()
        view = self._await(self._worker.api.open_conversation(conversation_id, last=1))
        if view.messages:
            self._await(self._worker.api.regenerate(view.messages[-1].message.id))
            self._print_error(self._follow(conversation_id))

    def _print_error(self, answer: Message) -> None:
        if answer.error:
            print(answer.error, file=sys.stderr)

    def _conversation(self) -> str:
        if self._conversation_id is None:
            made = self._await(self._worker.api.create_conversation(self._system_prompt, self._model))
            self._conversation_id = made.id
        elif self._model or self._system_prompt:
            self._change_given()
        self._model = self._system_prompt = None
        return self._conversation_id

    def _change_given(self) -> None:
        """Apply --model and --system to the conversation that --conversation names."""
        assert self._conversation_id is not None
        if self._model:
            self._await(self._worker.api.choose_model(self._model, self._conversation_id))
        if self._system_prompt:
            view = self._await(self._worker.api.open_conversation(self._conversation_id, last=1))
            self._await(
                self._worker.api.configure(
                    self._conversation_id,
                    system_prompt=self._system_prompt,
                    sampling=view.conversation.sampling,
                )
            )

    def _await(self, coroutine: Any) -> Any:
        future: Future[Any] = self._worker.call(coroutine)
        return future.result()

    def _follow(self, conversation_id: str) -> Message:
        """Print events until the answer has ended."""
        self._told_shortened = 0
        self._calls.clear()
        while True:
            try:
                event = self._events.get()
                if isinstance(event, Notice):
                    self._status("")
                    print(event.sentence, file=sys.stderr)
                if getattr(event, "conversation_id", None) != conversation_id:
                    continue
                if isinstance(event, TextDelta):
                    self._print_text(event.text)
                elif isinstance(event, ToolCallStarted):
                    self._calls[event.call.call_id] = event.call
                    self._end_line()
                elif isinstance(event, ToolCallEnded):
                    self._print_call(event.result)
                elif isinstance(event, TurnProgress):
                    self._progress(event)
                elif isinstance(event, ContextReport):
                    self._tell_shortened(event)
                elif isinstance(event, TurnEnded):
                    self._status("")
                    self._end_line()
                    self._gap = False
                    return event.message
            except KeyboardInterrupt:
                self.interrupted = True
                self._await(self._worker.api.stop(conversation_id))

    def _print_text(self, text: str) -> None:
        if self._quiet:
            return
        self._status("")
        print("\n" + text if self._gap else text, end="", flush=True)
        self._in_line, self._gap = True, False

    def _end_line(self) -> None:
        if self._in_line:
            print(flush=True)
            self._in_line, self._gap = False, True

    def _print_call(self, result: ToolResultPart) -> None:
        call = self._calls.pop(result.call_id, None)
        if call is None or not self._shows_tools:
            return
        self._status("")
        arguments = json.dumps(dict(call.arguments), ensure_ascii=False, default=str)
        said = "".join(c if c.isprintable() else " " for c in "; ".join(result.content.splitlines()))
        if len(said) > _LONGEST_RESULT:
            said = said[: _LONGEST_RESULT - 1] + "…"
        print(f"[{call.name} {arguments} → {said}]", file=sys.stderr, flush=True)

    def _tell_shortened(self, report: ContextReport) -> None:
        shortened = sum(item.visibility is not Visibility.WHOLE for item in report.items)
        if shortened > self._told_shortened and not self._quiet:
            self._told_shortened = shortened
            self._status("")
            text = _("The model reads the {count} oldest messages shortened or not at all; they did not fit.")
            print(text.format(count=shortened), file=sys.stderr)

    def _progress(self, event: TurnProgress) -> None:
        if event.phase is TurnPhase.LOADING:
            self._status(_("Loading the model … {percent} %").format(percent=round(event.fraction * 100)))
        elif event.phase is TurnPhase.READING:
            self._status(_("Reading … {percent} %").format(percent=round(event.fraction * 100)))
        elif event.phase is TurnPhase.TOOL:
            self._status(_("Using {tool}…").format(tool=event.tool))
        else:
            self._status("")

    def _status(self, text: str) -> None:
        """Show a passing line on an interactive terminal; "" removes it."""
        if not sys.stderr.isatty() or (not text and not self._status_shown):
            return
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        self._status_shown = bool(text)
