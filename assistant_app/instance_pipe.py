"""A line said through a two-way pipe of Windows, on which its windows listen; another start waits briefly."""

import threading
from concurrent.futures import Future

MAX_ANSWER_BYTES = 64


def tell_pipe(path: str, line: bytes, timeout_s: float) -> bytes:
    """Say a line to whoever holds the other end, and return what is answered.

    Such a pipe cannot be read with a limit of time, so a thread reads; one that waits in vain ends with
    the process. Raises OSError where nobody listens, TimeoutError.
    """
    answer: Future[bytes] = Future()

    def converse() -> None:
        try:
            with open(path, "r+b", buffering=0) as pipe:
                rest = memoryview(line)
                while rest:
                    rest = rest[pipe.write(rest) or 0 :]
                answer.set_result(pipe.read(MAX_ANSWER_BYTES) or b"")
        except OSError as error:
            answer.set_exception(error)

    threading.Thread(target=converse, name="tell", daemon=True).start()
    return answer.result(timeout_s)
