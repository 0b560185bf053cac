"""Entry: the window, a command, an engine process, or a look at the program itself."""

import sys
from collections.abc import Sequence

from assistant_app.child_environment import give_back
from assistant_app.standard_streams import open_standard_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments ask for; return the exit code.

    Nothing more is imported before it is known what is wanted: an engine process must not load Qt, and
    the window must not load an engine.
    """
    open_standard_streams()
    give_back()
    args = list(sys.argv[1:] if arguments is None else arguments)
    if args[:1] == ["--engine"]:
        return _run_engine(args)
    if not args or args == ["--gui"]:
        from assistant_app.app import run_window

        return run_window()
    if len(args) == 2 and args[0] == "--talk" and args[1] in ("toggle", "start", "stop"):
        # The press of a key waits for this: the command line's own parser would cost more than the answer.
        from assistant_app.talk_command import talk

        return talk(args[1])
    if len(args) == 1 and args[0].lower().startswith("assistant-app:"):
        from assistant_app.link_command import follow

        return follow(args[0])
    if len(args) == 2 and args[0] == "--probe":
        from assistant_app.probes import main as probe

        return probe(args[1])
    if args[:1] == ["--selftest"]:
        from assistant_app.selftest.command import main as test

        return test(args[1:])
    if len(args) == 2 and args[0] == "--selftest-part":
        from assistant_app.selftest.parts import main as test_part

        return test_part(args[1])
    from assistant_app.cli import run_command

    return run_command(args)


def _run_engine(args: list[str]) -> int:
    """Serve as an engine process on the file descriptors that the supervisor passed on."""
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=["language", "speech", "voice"], required=True)
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--stop-fd", type=int, required=True)
    options = parser.parse_args(args)

    from assistant_app.engines.child import main as serve

    return serve(options.fd, options.stop_fd, options.engine)


if __name__ == "__main__":
    sys.exit(main())
