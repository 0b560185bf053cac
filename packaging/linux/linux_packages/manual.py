"""The manual page and the completion for bash: written where people must be told, the rest derived."""

import re
from collections.abc import Sequence

from linux_packages.commands import Command, Option
from linux_packages.product import LINUX, NAME, Release

TEMPLATE = LINUX / "assistant-app.1.in"


def manual_page(release: Release, commands: Sequence[Command]) -> str:
    """Return the manual page, in the language of man(7). Raises OSError."""
    program, *others = commands
    return (
        TEMPLATE.read_text(encoding="utf-8")
        .replace("@VERSION@", release.version)
        .replace("@DATE@", f"{release.date:%Y-%m-%d}")
        .replace("@OPTIONS@", "\n".join(map(_option, program.options)))
        .replace("@COMMANDS@", "\n".join(map(_command, others)))
    )


def _command(command: Command) -> str:
    # The help of a command begins small, as in --help; here it is a sentence.
    says = command.help[:1].upper() + command.help[1:]
    lines = [f".SS {_text(command.name)}", _line(says.rstrip(".") + ".")]
    return "\n".join([*lines, *(_option(option) for option in command.options)])


def _option(option: Option) -> str:
    flags = ", ".join(rf"\fB{_text(flag)}\fR" for flag in option.flags)
    value = rf"\fI{_text(option.value)}\fR" if option.value else ""
    return f".TP\n{' '.join(filter(None, (flags, value)))}\n{_line(option.help)}"


def _text(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")


def _line(text: str) -> str:
    """Make a line of text that no full stop or quote at its start turns into a request."""
    return r"\&" + _text(text) if text.startswith((".", "'")) else _text(text)


def bash_completion(commands: Sequence[Command]) -> str:
    """Return the completion for bash: commands, their options, their choices, and files."""
    program, *others = commands
    cases = "\n".join(f"        {command.name}) words={_quoted(_flags(command))} ;;" for command in others)
    choices = "\n".join(
        f"        {'|'.join(option.flags)}) words={_quoted(option.choices)} ;;"
        for command in commands
        for option in command.options
        if option.flags and option.choices
    )
    first = [*(command.name for command in others), *_flags(program)]
    function = "_" + re.sub(r"\W", "_", NAME)
    return f"""# Completion for bash. Made from the program's own --help.
{function}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} words=""
    case $previous in
{choices}
    esac
    if [[ -z $words ]]; then
        case ${{COMP_WORDS[1]}} in
{cases}
        esac
        [[ $COMP_CWORD -eq 1 ]] && words={_quoted(first)}
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o bashdefault -o default -F {function} {NAME}
"""


def _flags(command: Command) -> list[str]:
    return [flag for option in command.options for flag in option.flags]


def _quoted(words: Sequence[str]) -> str:
    return "'" + " ".join(words) + "'"
