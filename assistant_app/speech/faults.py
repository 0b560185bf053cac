"""What is said when there is nothing to listen with: one sentence for each reason."""

import sys

from assistant_app.core.text import N_
from assistant_app.core.voice import MicrophoneError, MicrophoneRow


def library_missing(error: Exception) -> MicrophoneError:
    """PortAudio is not installed, which the wheels for Linux do not bring."""
    return MicrophoneError(
        N_(
            "The sound library PortAudio is missing, so nothing can be recorded; install the package"
            " libportaudio2 and start again. Typing works as always."
        ),
        detail=str(error),
    )


def none_found(detail: str) -> MicrophoneError:
    """There is no microphone at all."""
    return MicrophoneError(detail=detail)


def refused(detail: str) -> MicrophoneError:
    """A microphone is there but does not open.

    Windows reports one that its privacy settings forbid as an invalid device, an invalid rate or an
    unanticipated host error (audacity/audacity#2575); other systems one that is busy.
    """
    return MicrophoneError(
        N_(
            "The microphone cannot be used: the system does not allow it, or another program holds it."
            " Allow it in the system's privacy settings and press again; typing works as always."
        ),
        reason="microphone-refused",
        detail=detail,
    )


def only_zeros() -> MicrophoneError:
    """A second of exact zeros, which no open microphone gives."""
    return MicrophoneError(
        N_(
            "The microphone gives no sound: it is muted, or the system blocks it. Unmute it or allow it in"
            " the privacy settings, and press again; typing works as always."
        ),
        # macOS gives zeros, and no error, to a program that may not listen.
        reason="microphone-refused" if sys.platform == "darwin" else "only-zeros",
    )


def device_lost() -> MicrophoneError:
    """It was unplugged, or its driver died."""
    return MicrophoneError(
        N_(
            "The microphone was disconnected; what you said until then is kept. Connect it again or go on"
            " with another one."
        ),
        reason="device-lost",
    )


def elsewhere(chosen: str, used: MicrophoneRow) -> MicrophoneError:
    """Another microphone than the chosen one is listened to."""
    return MicrophoneError(
        N_("The microphone {chosen} is not connected, so {used} is used; you can choose another one."),
        reason="other-microphone",
        chosen=chosen.partition("|")[0],
        used=used.name,
    )
