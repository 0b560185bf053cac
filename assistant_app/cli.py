"""The command line: ask, chat, models, transcribe, doctor.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl+C.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from assistant_app import __version__
from assistant_app.app import build_worker, prepare
from assistant_app.cli_transcribe import add_command as add_transcribe
from assistant_app.core.conversation import ToolCallPart, ToolResultPart
from assistant_app.core.errors import AssistantError
from assistant_app.core.views import ModelRow
from assistant_app.i18n import _, translate
from assistant_app.instance_line import TALK_VERBS
from assistant_app.paths import Paths
from assistant_app.terminal import Terminal

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; sentences for people go to stderr."""
    options = _parser().parse_args(list(arguments))
    if options.selftest:
        from assistant_app.selftest.command import main as test

        return test([])
    if options.talk:
        from assistant_app.talk_command import talk

        return talk(options.talk)
    if options.command is None:
        from assistant_app.app import run_window

        return run_window()
    try:
        return int(options.run(options))
    except AssistantError as error:
        print(error.sentence(translate), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        sys.stderr.close()
        return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="assistant-app",
        description="A private AI assistant that runs on this computer. Without a command it opens "
        "its window.",
        epilog="In place of a command it takes a link: 'assistant-app:ask?text=…' puts a text into the "
        "message box and does not send it, 'assistant-app:open' and 'assistant-app:page/models' show the "
        "window or a page. Exit codes: 0 done, 1 failed (one sentence on stderr says why), 2 wrong usage, "
        "130 stopped with Ctrl+C. ASSISTANT_HOME moves all data into one folder.",
    )
    parser.add_argument("--version", action="version", version=f"assistant-app {__version__}")
    parser.add_argument(
        "--talk",
        choices=TALK_VERBS,
        help="have the open window listen or end that; 'start' and 'toggle' open it first. For a shortcut of "
        "your desktop",
    )
    parser.add_argument(
        "--selftest",
        action="store_true",
        help="try every part of this installation and print what came of it, one JSON object a line; as the "
        "first argument, see --selftest --help",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    ask = commands.add_parser("ask", help="ask one question; the answer streams to stdout")
    ask.add_argument("question", nargs="*", help="the question; what is piped in is added to it")
    ask.add_argument("--json", action="store_true", help="print one JSON object at the end")
    ask.set_defaults(run=_ask)
    chat = commands.add_parser("chat", help="converse in the terminal")
    chat.set_defaults(run=_chat)
    for command in (ask, chat):
        command.add_argument("--conversation", metavar="ID", help="go on with a conversation")
        command.add_argument("--model", metavar="ID", help="an identifier from 'models', or a GGUF file")
        command.add_argument("--system", metavar="TEXT", help="system prompt of a new conversation")
        command.add_argument("--seed", type=_seed, help="fixed seed, for a repeatable answer")
        command.add_argument(
            "--verbose", action="store_true", help="show tool calls on stderr, also in a pipe"
        )
        command.add_argument("--temperature", type=_temperature, help="0 to 2; 0 always takes the likeliest")

    models = commands.add_parser("models", help="list the models that can be used")
    models.add_argument("--json", action="store_true", help="print JSON")
    models.set_defaults(run=_models)
    add_transcribe(commands)
    doctor = commands.add_parser("doctor", help="check that everything works; exits with 1 if not")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)
    return parser


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 2**32 - 2:
        raise argparse.ArgumentTypeError("must be 0 to 4294967294")
    return value


def _temperature(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 2:
        raise argparse.ArgumentTypeError("must be 0 to 2")
    return value


def _ask(options: argparse.Namespace) -> int:
    question = " ".join(options.question)
    if not sys.stdin.isatty():
        piped = sys.stdin.read().strip()
        question = f"{question}\n\n{piped}".strip() if question else piped
    if not question.strip():
        print(_('There is no question; write one: assistant-app ask "…"'), file=sys.stderr)
        return USAGE
    with _terminal(options, quiet=options.json) as terminal:
        answer = terminal.ask(question)
    if options.json:
        usage = answer.usage
        print(
            json.dumps(
                {
                    "text": answer.text,
                    "model": answer.model,
                    "usage": {
                        "prompt_tokens": usage.prompt_tokens,
                        "reused_tokens": usage.reused_tokens,
                        "generated_tokens": usage.generated_tokens,
                        "prompt_s": round(usage.prompt_s, 4),
                        "generation_s": round(usage.generation_s, 4),
                        "tokens_per_s": round(usage.tokens_per_s, 2),
                        "seed": usage.seed,
                    }
                    if usage
                    else None,
                    "tool_calls": [_tool_call(*pair) for pair in answer.tool_calls],
                    "conversation": answer.conversation_id,
                    "state": answer.state.value,
                },
                ensure_ascii=False,
            )
        )
    if answer.error:
        print(answer.error, file=sys.stderr)
        return FAILED
    return INTERRUPTED if terminal.interrupted else OK


def _tool_call(call: ToolCallPart, result: ToolResultPart | None) -> dict[str, Any]:
    return {
        "name": call.name,
        "arguments": dict(call.arguments),
        "result": result.content if result else None,
        "is_error": result.is_error if result else True,
        "duration_s": round(result.duration_s, 4) if result else 0.0,
    }


def _chat(options: argparse.Namespace) -> int:
    with _terminal(options, rings=True) as terminal:
        return terminal.converse()


def _terminal(options: argparse.Namespace, *, quiet: bool = False, rings: bool = False) -> Terminal:
    overrides = {
        name: getattr(options, name) for name in ("seed", "temperature") if getattr(options, name) is not None
    }
    paths = Paths.default()
    worker = build_worker(paths, prepare(paths), overrides, rings=rings)
    return Terminal(
        worker,
        options.conversation,
        options.model,
        options.system,
        quiet=quiet,
        shows_tools=options.verbose or sys.stderr.isatty(),
    )


def _models(options: argparse.Namespace) -> int:
    from assistant_app.models.catalogue import ModelCatalogue

    paths = Paths.default()
    settings = prepare(paths)
    rows = ModelCatalogue(paths, lambda: settings.current).rows()
    if options.json:
        print(json.dumps([_model_values(row) for row in rows], ensure_ascii=False))
        return OK
    for row in rows:
        mark = "*" if row.chosen else " "
        print(
            f"{mark} {row.id:24} {row.size_bytes / 1e9:6.2f} GB  {row.name}  {row.note or row.fit_sentence}"
        )
    return OK


def _model_values(row: ModelRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _doctor(options: argparse.Namespace) -> int:
    from assistant_app.app import diagnose_all

    findings = diagnose_all()
    if options.json:
        print(
            json.dumps(
                [{"title": f.title, "finding": f.finding, "fine": f.fine, "code": f.code} for f in findings],
                ensure_ascii=False,
            )
        )
    else:
        for finding in findings:
            print(f"{'ok ' if finding.fine else 'BAD'}  {finding.title}: {finding.finding}")
    broken = [finding for finding in findings if not finding.fine]
    for finding in broken:
        print(finding.finding, file=sys.stderr)
    return FAILED if broken else OK
