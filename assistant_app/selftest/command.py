"""The command `--selftest`: which checks there are, their profile, the lines and the exit code.

Each check is one line of JSON: check, ok, detail, seconds. The last line is the sum. Exit codes: 0
passed, 1 failed, 2 wrong usage.
"""

import argparse
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from assistant_app import __version__, i18n
from assistant_app.selftest import files, system
from assistant_app.selftest.engines import Answering, Speech, greeting, voices
from assistant_app.selftest.parts import parts
from assistant_app.selftest.report import THREADS, Check, Outcome, carry_out, tell


def main(arguments: Sequence[str]) -> int:
    """Try every part in a profile that is thrown away; return the exit code."""
    parser = _parser()
    options = parser.parse_args(list(arguments))
    if (options.speech_wav is None) != (not options.speech_text):
        parser.error("--speech-wav and --speech-text go together")
    if options.speech_wav is not None and options.speech_model is None:
        parser.error("--speech-wav needs a --speech-model")
    with tempfile.TemporaryDirectory(prefix="assistant-selftest-", ignore_cleanup_errors=True) as folder:
        os.environ["ASSISTANT_HOME"] = folder
        # Details are for programs and for us: always English.
        for name in ("LC_ALL", "LANGUAGE", "LANG"):
            os.environ[name] = "C.UTF-8"
        i18n.set_language("en")
        code = _run(options)
        logging.shutdown()  # the log lies in the folder that is deleted now
    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        os._exit(code)  # a check that hangs would keep the process from ending
    return code


def _run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    answering = Answering()
    outcomes: list[Outcome] = []
    try:
        for name, check in _checks(_speech(options), answering).items():
            if not options.only or name in options.only:
                outcomes.append(carry_out(name, check))
                tell(outcomes[-1])
    finally:
        answering.close()
    failed = [outcome.check for outcome in outcomes if not outcome.ok]
    summary = {
        "selftest": "failed" if failed else "passed",
        "version": __version__,
        "checks": len(outcomes),
        "failed": failed,
        "seconds": round(time.monotonic() - began, 3),
    }
    print(json.dumps(summary), flush=True)
    return 1 if failed else 0


def _speech(options: argparse.Namespace) -> Speech:
    return Speech(options.with_voice, options.speech_model, options.speech_wav, options.speech_text or "")


def _checks(speech: Speech, answering: Answering) -> dict[str, Check]:
    """Return every check in its order: what others need comes first."""
    return {
        "program": files.program,
        "resources": files.shipped,
        "pocket-model": files.pocket_model,
        "translations": files.translations,
        "help": files.help_pages,
        "search": files.search,
        "data-files": files.data_files,
        "certificates": files.certificates,
        "keyring": system.keyring,
        "audio": system.audio,
        **parts(),
        "engine": greeting,
        "answer": answering.answer,
        "crash": answering.crash,
        "voices": voices,
        "speech": speech.check,
    }


def _parser() -> argparse.ArgumentParser:
    names = list(_checks(Speech(False, None, None, ""), Answering()))
    parser = argparse.ArgumentParser(
        prog="assistant-app --selftest",
        description="Tries every part of this installation in a profile of its own, without a display and"
        " without the network. Prints one JSON object for each check (check, ok, detail, seconds), then one"
        " for all of them.",
        epilog="Exit codes: 0 passed, 1 failed, 2 wrong usage.",
    )
    parser.add_argument("--with-voice", action="store_true", help="speech recognition must be installed")
    parser.add_argument("--speech-model", type=Path, metavar="FILE", help="a Whisper file (.pt) to load")
    parser.add_argument("--speech-wav", type=Path, metavar="FILE", help="a spoken English sentence")
    parser.add_argument("--speech-text", metavar="TEXT", help="the words that are spoken in it")
    parser.add_argument(
        "--only", action="append", choices=names, metavar="CHECK", help=f"of {', '.join(names)}; repeatable"
    )
    return parser
