"""Errors that carry the sentence that the user will read; the technical cause goes to the log."""

from collections.abc import Callable

from assistant_app.core.text import N_


def _identity(sentence: str) -> str:
    return sentence


class AssistantError(Exception):
    """An expected failure, said in one plain sentence.

    `sentence` is an English template marked with `N_` (it is the translation key); `params` fill
    it with `str.format`. `code` is stable, for tests, the command line and help pages. `detail`
    is technical and is logged, never shown as the message.
    """

    code = "error"
    default_sentence = N_("Something went wrong; your text is kept. Try again.")

    def __init__(self, sentence: str | None = None, *, detail: str = "", **params: object) -> None:
        self.template = sentence or self.default_sentence
        self.params = params
        self.detail = detail
        super().__init__(self.sentence())

    def sentence(self, translate: Callable[[str], str] = _identity) -> str:
        """Return the finished sentence in the language of `translate` (template in, template out)."""
        return translate(self.template).format(**self.params)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.template, self.detail, self.params))


def _rebuild(
    kind: type[AssistantError], template: str, detail: str, params: dict[str, object]
) -> AssistantError:
    return kind(template, detail=detail, **params)


class ModelError(AssistantError):
    """A model file cannot be used: missing, damaged, of another kind, or too big."""

    code = "model"
    default_sentence = N_("This model cannot be used; choose another one under Models.")


class EngineStopped(AssistantError):
    """The engine process died, hung, or was killed while it was needed."""

    code = "engine-stopped"
    default_sentence = N_("The model stopped: {reason}; your text is kept. Send again to restart it.")


class PromptTooLong(AssistantError):
    """The newest message alone does not fit into the context window."""

    code = "prompt-too-long"
    default_sentence = N_(
        "This message needs {needed} tokens, but the model can read only {available};"
        " nothing was sent and your text is kept. Shorten it or choose a model with a larger context."
    )


class RequestInvalid(AssistantError):
    """A grammar, a schema or another parameter was refused before it reached native code."""

    code = "request-invalid"
    default_sentence = N_("This request cannot be used: {reason}.")


class StoreError(AssistantError):
    """The database cannot be read or written."""

    code = "store"
    default_sentence = N_("Your conversations cannot be saved right now: {reason}.")


class NotFound(AssistantError):
    """A conversation, message, model or snapshot does not exist (any more)."""

    code = "not-found"
    default_sentence = N_("That is no longer there.")


class Busy(AssistantError):
    """A second request came while one of the same kind was running."""

    code = "busy"
    default_sentence = N_("An answer is still being written here; stop it or wait for it to finish.")


class Cancelled(AssistantError):
    """The user stopped a request that has no partial result: loading, counting, embedding."""

    code = "cancelled"
    default_sentence = N_("Stopped.")
