"""An engine that is handed its things by letter, as on Windows, and what stands in here for Windows.

Started as a program it is `letter_engine.py FOLDER KIND --letter`: the application's own engine of that
kind, or the rough one.
"""

import mmap
import os
import secrets
import socket
import struct
import sys
import threading
from pathlib import Path

from assistant_app.__main__ import main
from assistant_app.engines import handover
from assistant_app.engines.wire import Connection
from tests.integration.supervisor.rough_engine import RoughEngine


class LocalSharing:
    """The stand-in: a socket goes to one process through a local socket, and memory is a file of a folder.

    As with WSADuplicateSocket only the process that is named can take the socket.
    """

    creation_flags = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def share(self, sock: socket.socket, pid: int) -> bytes:
        path = self._folder / secrets.token_hex(4)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=self._give, args=(listener, sock.dup(), pid), daemon=True).start()
        return os.fsencode(path)

    def _give(self, listener: socket.socket, sock: socket.socket, pid: int) -> None:
        with listener, sock:
            taker, _ = listener.accept()
            with taker:
                peer = taker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                if struct.unpack("3i", peer)[0] == pid:
                    socket.send_fds(taker, [b"socket"], [sock.fileno()])

    def take(self, shared: bytes) -> socket.socket:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as giver:
            giver.connect(os.fsdecode(shared))
            _data, descriptors, _flags, _address = socket.recv_fds(giver, 16, 1)
        if not descriptors:
            raise PermissionError("the socket is for another process")
        return socket.socket(fileno=descriptors[0])

    def memory(self, name: str) -> mmap.mmap:
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, handover.STOP_BYTES)
            return mmap.mmap(descriptor, handover.STOP_BYTES)
        finally:
            os.close(descriptor)


def serve(folder: Path, kind: str) -> int:
    handover.SHARING = LocalSharing(folder)
    if kind != "rough":
        return main(["--engine", kind, "--letter"])
    sock, stop = handover.take_from_letter(handover.SHARING)
    with Connection(sock) as connection:
        return RoughEngine(connection, stop).serve()


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), sys.argv[2]))
