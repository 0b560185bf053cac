"""The command line, as its own parser declares it: for the manual page and the completion of shells."""

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from linux_packages.product import ROOT


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or a plain argument, whose `flags` are empty."""

    flags: tuple[str, ...]
    value: str
    """What follows, such as FILE or {start,stop}; empty for a switch."""
    choices: tuple[str, ...]
    help: str


@dataclass(frozen=True, slots=True)
class Command:
    """The program itself, whose name is empty, or one of its commands."""

    name: str
    help: str
    options: tuple[Option, ...]


def application_commands() -> list[Command]:
    """Return the program and its commands, in the order of `--help`."""
    # Those of this checkout, whatever version is installed.
    sys.path.insert(0, str(ROOT))
    from assistant_app import cli

    return commands_of(cli._parser())


def commands_of(parser: argparse.ArgumentParser) -> list[Command]:
    """Return what a parser knows, itself first."""
    found = [Command("", parser.description or "", _options(parser))]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, command in action.choices.items():
                # --help is told once, with the program's own options.
                options = tuple(option for option in _options(command) if "--help" not in option.flags)
                found.append(Command(name, helps[name], options))
    return found


def _options(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    return tuple(
        _option(action)
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction) and action.help != argparse.SUPPRESS
    )


def _option(action: argparse.Action) -> Option:
    choices = tuple(str(choice) for choice in action.choices or ())
    value = ""
    if not action.option_strings or action.nargs != 0:
        name: Any = action.metavar or ("{" + ",".join(choices) + "}" if choices else action.dest.upper())
        value = name if isinstance(name, str) else " ".join(name)
    return Option(tuple(action.option_strings), value, choices, (action.help or "").replace("%%", "%"))
