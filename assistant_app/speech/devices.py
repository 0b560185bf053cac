"""Which microphones there are, by name and host interface; the chosen one or else the system's own."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assistant_app.core.voice import MicrophoneRow
from assistant_app.speech.faults import none_found
from assistant_app.speech.portaudio import PortAudio, load_portaudio

# Windows shows every microphone once for each of its interfaces; this one has whole names and little delay.
PREFERRED_HOST = "Windows WASAPI"
# Of ALSA's names: converters and mixers that can be recorded from, but are no microphones.
PLUMBING = frozenset(
    "dmix dsnoop hw lavrate null plughw samplerate speex speexrate surround upmix usbstream vdownmix".split()
)
# The number of a card changes with the order of plugging in.
CARD_NUMBER = re.compile(r" \(hw:\d+,\d+\)$")


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone as PortAudio counts it now. `rate` is the device's own, in samples per second."""

    index: int
    row: MicrophoneRow
    rate: int
    channels: int


class Devices:
    """PortAudio's list. Every method may take long and belongs onto the audio thread."""

    def __init__(self, portaudio: PortAudio) -> None:
        self._portaudio = portaudio

    def all(self) -> list[Device]:
        """Return the microphones, the system's own first. PortAudio knows those of its last start only."""
        hosts = list(self._portaudio.query_hostapis())
        shown = {number for number, host in enumerate(hosts) if host["name"] == PREFERRED_HOST}
        default = self._default(hosts, shown)
        found = [
            _device(entry, str(hosts[entry["hostapi"]]["name"]), entry["index"] == default)
            for entry in self._portaudio.query_devices()
            if entry["max_input_channels"] > 0
            and entry["name"] not in PLUMBING
            and (not shown or entry["hostapi"] in shown)
        ]
        return sorted(found, key=lambda device: not device.row.default)

    def find(self, chosen: str) -> tuple[Device, bool]:
        """Return the microphone with the identifier `chosen`, and whether it is that one.

        Empty is the system's own, which also stands in for a missing one. Raises MicrophoneError.
        """
        devices = self.all()
        if not devices:
            raise none_found("PortAudio lists no input")
        for device in devices:
            if device.row.id == chosen:
                return device, True
        return devices[0], not chosen

    def refresh(self) -> None:
        """Let PortAudio look for devices again. No stream may be open: it would be gone.

        Raises PortAudioError.
        """
        with contextlib.suppress(self._portaudio.PortAudioError):
            self._portaudio._terminate()  # fails when the last _initialize did
        self._portaudio._initialize()

    def _default(self, hosts: list[Mapping[str, Any]], shown: set[int]) -> int:
        for number in shown:
            return int(hosts[number]["default_input_device"])
        try:
            return int(self._portaudio.query_devices(kind="input")["index"])
        except (self._portaudio.PortAudioError, ValueError):
            return -1


def _device(entry: Mapping[str, Any], host: str, default: bool) -> Device:
    name = CARD_NUMBER.sub("", str(entry["name"]))
    row = MicrophoneRow(f"{name}|{host}", name, host, default)
    return Device(entry["index"], row, round(entry["default_samplerate"]), entry["max_input_channels"])


def microphones() -> list[MicrophoneRow]:
    """List what can be listened to, for programs without a loop. Raises MicrophoneError."""
    return [device.row for device in Devices(load_portaudio()).all()]
