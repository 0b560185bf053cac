"""A model's own chat template, rendered in a sandbox with a time and a size limit.

The result is a list of segments that keep apart what the template wrote (trusted: it may contain
control tokens) and what came from outside (never trusted). Every outside text travels through the
template as an unguessable placeholder, which is replaced afterwards.
"""

import ctypes
import datetime
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from assistant_app.core.errors import ModelError
from assistant_app.core.generation import ChatMessage, ToolSpec
from assistant_app.core.text import N_

TIME_LIMIT_S = 2.0
OUTPUT_LIMIT = 8 << 20
"""Characters, placeholders not expanded."""

_ROLES = ("system", "user", "assistant", "tool", "developer")
_LARGEST_REPEAT = 1 << 20
_TOOLS = re.compile(r"\btools\b")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME_MEMBERS = ("id", "name", "type")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt."""

    text: str
    trusted: bool
    message: int = -1
    """Index of the message whose content this is; -1 for everything else."""


class TemplateTimeout(BaseException):
    """Raised inside a template that runs too long; not an Exception, so that no filter catches it."""


class _Refused(Exception):
    """The template called `raise_exception`: it does not take these messages."""


class ChatTemplate:
    """The chat templates of one model: the default one, and perhaps one for tools."""

    def __init__(self, source: str, tool_source: str = "", *, bos: str = "", eos: str = "") -> None:
        """Keep the sources; compiled when first needed, so that a bad template never blocks loading."""
        self.source = source
        self._tool_source = tool_source
        self._bos = bos
        self._eos = eos
        self._today = datetime.datetime.combine(datetime.date.today(), datetime.time())
        self._compiled: dict[str, jinja2.Template] = {}
        self._vault = _Vault()

    @property
    def knows_tools(self) -> bool:
        """Whether it can tell the model about tools."""
        return bool(self._tool_source) or _TOOLS.search(self.source) is not None

    def render(
        self,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSpec] = (),
        *,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> list[Segment]:
        """Return the prompt up to the point where the answer begins.

        Raises:
            ModelError: There is no template, it is faulty, too slow, or refuses these messages.
        """
        source = self._tool_source if tools and self._tool_source else self.source
        if not source.strip():
            raise ModelError(
                N_(
                    "This model has no chat template, so it cannot hold a conversation;"
                    " choose a model made for chatting under Models."
                )
            )
        vault = self._vault = _Vault()
        try:
            with _time_limit(time_limit_s):
                template = self._compile(source)
                segments = vault.split(self._run(template, vault, messages, tools))
        except TemplateTimeout:
            raise ModelError(
                N_("The chat template of this model never ends; choose another model under Models.")
            ) from None
        except _Refused as error:
            raise ModelError(
                N_("This model does not take such a conversation: {reason}."),
                reason=str(error)[:300].rstrip("."),
            ) from None
        except (Exception, RecursionError) as error:  # a template is a foreign program: anything can come out
            raise ModelError(
                N_("The chat template of this model is faulty; choose another model under Models."),
                detail=f"{type(error).__name__}: {error}"[:500],
            ) from None
        return segments

    def _compile(self, source: str) -> jinja2.Template:
        if source not in self._compiled:
            environment = _Sandbox(
                trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
            )
            environment.filters["tojson"] = lambda value, **options: self._vault.json(value, **options)
            environment.filters["trim"] = lambda value, chars=None: self._vault.trim(str(value), chars)
            environment.globals["raise_exception"] = _refuse
            environment.globals["strftime_now"] = lambda form: self._today.strftime(str(form)[:100])
            self._compiled[source] = environment.from_string(source)
        return self._compiled[source]

    def _run(
        self,
        template: jinja2.Template,
        vault: "_Vault",
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolSpec],
    ) -> str:
        parts: list[str] = []
        length = 0
        for part in template.generate(
            messages=[_message_values(vault, index, message) for index, message in enumerate(messages)],
            tools=[_tool_values(vault, tool) for tool in tools] or None,
            add_generation_prompt=True,
            bos_token=self._bos,
            eos_token=self._eos,
        ):
            length += len(part)
            if length > OUTPUT_LIMIT:
                raise ValueError(f"the prompt is longer than {OUTPUT_LIMIT} characters")
            parts.append(part)
        return "".join(parts)


def _message_values(vault: "_Vault", index: int, message: ChatMessage) -> dict[str, Any]:
    if message.role not in _ROLES:
        raise ValueError(f"unknown role {message.role[:40]!r}")
    values: dict[str, Any] = {"role": message.role, "content": vault.hide(message.content, index)}
    if message.tool_calls:
        values["tool_calls"] = [vault.hide_all(call) for call in message.tool_calls]
    if message.tool_call_id:
        values["tool_call_id"] = vault.hide_name(message.tool_call_id)
    if message.name:
        values["name"] = vault.hide_name(message.name)
    return values


def _tool_values(vault: "_Vault", tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    hidden: dict[str, Any] = vault.hide_all({"type": "function", "function": function})
    return hidden


class _Vault:
    """Outside texts, each behind a placeholder that nobody outside can know."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(16)
        self._texts: list[tuple[str, int]] = []
        self._pattern = re.compile(f"\x02{self._secret}:([0-9]+)\x03")

    def hide(self, text: str, message: int = -1) -> str:
        """Return the placeholder of a text; an empty text stays empty, so that templates see that it is."""
        if not text:
            return ""
        self._texts.append((text, message))
        return _Hidden(f"\x02{self._secret}:{len(self._texts) - 1}\x03", self)

    def hide_name(self, text: str) -> str:
        """Return names of letters, digits and dashes as they are: templates compare and measure them."""
        return text if _NAME.fullmatch(text) else self.hide(text)

    def hide_all(self, value: Any, member: str = "") -> Any:
        """Return a JSON value with every text in it hidden, but for harmless names."""
        if isinstance(value, str):
            return self.hide_name(value) if member in _NAME_MEMBERS else self.hide(value)
        if isinstance(value, Mapping):
            return {self.hide_name(str(key)): self.hide_all(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_all(item) for item in value]
        return value

    def show(self, value: Any) -> Any:
        """Return a JSON value with the placeholders replaced by what they stand for."""
        if isinstance(value, str):
            return self._pattern.sub(lambda match: self._texts[int(match.group(1))][0], value)
        if isinstance(value, Mapping):
            return {self.show(key): self.show(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.show(item) for item in value]
        return value

    def json(self, value: Any, indent: int | None = None, **_options: Any) -> str:
        """The `tojson` filter: the whole JSON text is outside text, as its parts may be."""
        return self.hide(json.dumps(self.show(value), ensure_ascii=False, indent=indent))

    def trim(self, value: str, chars: str | None = None, strip: Callable[..., str] = str.strip) -> str:
        """Strip a text of which parts may be hidden, at the edges that are visible or hidden as a whole."""
        stripped = strip(str(value), chars)
        match = self._pattern.fullmatch(stripped)
        if match is None:
            return stripped
        text, message = self._texts[int(match.group(1))]
        return self.hide(strip(text, chars), message)

    def split(self, text: str) -> list[Segment]:
        """Return the rendered text in trusted and outside segments, in order, none empty."""
        segments: list[Segment] = []
        end = 0
        for match in self._pattern.finditer(text):
            segments.append(Segment(text[end : match.start()], trusted=True))
            content, message = self._texts[int(match.group(1))]
            segments.append(Segment(content, trusted=False, message=message))
            end = match.end()
        segments.append(Segment(text[end:], trusted=True))
        if any(s.trusted and self._secret in s.text for s in segments):
            raise ValueError("the template cuts messages into pieces")
        return [segment for segment in segments if segment.text]


class _Hidden(str):
    """A placeholder on which the strip methods act on what it stands for."""

    __slots__ = ("_vault",)
    _vault: _Vault

    def __new__(cls, value: str, vault: _Vault) -> "_Hidden":
        hidden = super().__new__(cls, value)
        hidden._vault = vault
        return hidden

    def strip(self, chars: str | None = None, /) -> str:
        return self._vault.trim(self, chars)

    def lstrip(self, chars: str | None = None, /) -> str:
        return self._vault.trim(self, chars, str.lstrip)

    def rstrip(self, chars: str | None = None, /) -> str:
        return self._vault.trim(self, chars, str.rstrip)


class _Sandbox(ImmutableSandboxedEnvironment):
    """jinja2's sandbox, with multiplication and powers that cannot fill the memory."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Evaluate an operator. Raises ValueError for results of absurd size."""
        if operator == "**" and (abs(left) > 1000 or abs(right) > 100):
            raise ValueError("a power too large")
        if operator == "*":
            for text, count in ((left, right), (right, left)):
                if isinstance(text, str | list | tuple) and len(text) * int(count) > _LARGEST_REPEAT:
                    raise ValueError("a repetition too long")
        if operator == "%" and isinstance(left, str) and re.search(r"%[^a-zA-Z]*[0-9]{4}", left):
            raise ValueError("a format too wide")
        return super().call_binop(context, operator, left, right)


class _Generation(jinja2.ext.Extension):
    """Accepts `{% generation %}`, which training tools put around answers, and does nothing with it."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: Any) -> Any:
        """Return the body alone."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(message: object) -> None:
    raise _Refused(str(message))


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise TemplateTimeout in the body when it runs longer; it interrupts Python code in any thread."""
    target = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    over = False
    fired = False

    def expire() -> None:
        nonlocal fired
        with lock:
            if not over:
                fired = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(target, ctypes.py_object(TemplateTimeout))

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
        if fired:
            # The exception may not have arrived yet: take it back, it has done its work.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(target, None)
