"""A real engine process without a model that does, on request, everything that engines do wrong.

What it should do is the text of the last message of a Generate, or the name of a model to load.
"""

import argparse
import ctypes
import mmap
import os
import signal
import sys
import threading
import time

from assistant_app.core.conversation import UsageSummary
from assistant_app.core.generation import FinishReason, ModelInfo
from assistant_app.engines import protocol
from assistant_app.engines.handover import take_inherited
from assistant_app.engines.wire import Connection


class RoughEngine:
    def __init__(self, connection: Connection, stop: mmap.mmap) -> None:
        self.connection = connection
        self.stop = stop
        self.silent = threading.Event()

    def beat(self) -> None:
        while not self.silent.wait(0.05):
            try:
                self.connection.send(protocol.Pong(0, False))
            except OSError:
                return

    def serve(self) -> int:
        if os.environ.get("ROUGH_START") == "exit":
            print("cannot find libllama.so", flush=True)
            return 3
        self.connection.send(protocol.Hello(os.getpid(), "rough 1", ""))
        threading.Thread(target=self.beat, daemon=True).start()
        while (message := self.connection.receive()) is not None:
            if isinstance(message, protocol.Shutdown):
                if os.environ.get("ROUGH_STOP") == "stubborn":
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    time.sleep(1000)
                return 0
            self.answer(message)
        return 0

    def answer(self, message: object) -> None:
        send = self.connection.send
        match message:
            case protocol.Load(id=identifier, path=path):
                self.load(message, identifier, path)
            case protocol.Generate(id=identifier, messages=messages):
                self.act(messages[-1].content)
                self.generate(identifier, messages[-1].content)
            case protocol.Count(id=identifier, messages=messages):
                send(protocol.Counted(identifier, tuple(len(m.content) for m in messages)))
            case protocol.Render(id=identifier, messages=messages):
                text = "|".join(m.content for m in messages)
                send(protocol.Rendered(identifier, text, len(text)))
            case protocol.Embed(id=identifier, texts=texts):
                send(protocol.Embedded(identifier, tuple((1.0, 0.0) for _ in texts)))
            case protocol.Unload(id=identifier) | protocol.ForgetState(id=identifier):
                send(protocol.Ok(identifier))
            case _:
                pass  # a Cancel: the stop byte has said it already

    def load(self, message: protocol.Load, identifier: int, path: str) -> None:
        if path == "refused":
            refusal = "{name} is damaged."
            self.connection.send(protocol.Failed(identifier, "model", refusal, {"name": "x.gguf"}))
            return
        for tenth in range(10):
            self.connection.send(protocol.LoadProgress(identifier, tenth / 10))
            if tenth == 5:
                self.act(path)
            while path == "slow" and tenth == 5:
                if self.stop[0]:
                    self.stop[0] = 0
                    self.connection.send(protocol.Failed(identifier, "cancelled", "Stopped."))
                    return
                time.sleep(0.001)
        self.connection.send(protocol.Loaded(identifier, ModelInfo(message.model_id, message.name, path)))

    def act(self, order: str) -> None:
        match order:
            case "abort":
                os.abort()
            case "segfault":
                ctypes.string_at(0)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "bus":
                os.kill(os.getpid(), signal.SIGBUS)
            case "exit":
                os._exit(7)
            case "close":
                self.connection.close()
                time.sleep(1000)
            case "nonsense":
                self.connection._socket.sendall(b"\x00\x00\x00\x05hello")
                time.sleep(1000)
            case "endless frame":
                self.connection._socket.sendall(b"\xff\xff\xff\xff")
                time.sleep(1000)
            case "hang":
                self.silent.set()
                time.sleep(1000)
            case "flood":
                for _ in range(200):
                    sys.stderr.write("x" * 65_536)
                sys.stderr.write("the end of the flood\n")
                sys.stderr.flush()
                os.abort()

    def generate(self, identifier: int, order: str) -> None:
        send = self.connection.send
        send(protocol.Reading(identifier, 0, 3, 0))
        send(protocol.Reading(identifier, 3, 3, 0))
        reason = FinishReason.END
        written = 0
        while order in {"write", "deaf", "die later"} or written < 3:
            if self.stop[0] and order != "deaf":
                reason = FinishReason.CANCELLED
                break
            send(protocol.Delta(identifier, f"word{written} "))
            written += 1
            if order == "die later" and written == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.002)
        self.stop[0] = 0
        if order == "late":
            send(protocol.Delta(identifier - 1, "from an older request"))
        send(protocol.Generated(identifier, reason, UsageSummary(generated_tokens=written), "prompt"))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--stop-fd", type=int, required=True)
    options = parser.parse_args()
    sock, stop = take_inherited(options.fd, options.stop_fd)
    with Connection(sock) as connection:
        return RoughEngine(connection, stop).serve()


if __name__ == "__main__":
    sys.exit(main())
