"""One request and its answer as bytes on a socket, so that both servers see the same bytes."""

import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace

TIMEOUT = 60.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    # When the request was sent, in seconds since 1970.
    asked_at: float = 0.0
    # What was mailed meanwhile.
    mails: list[dict[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        """The values of every header called `name`, joined by commas, or `None` when there is none."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


def exchange(port: int, request: bytes) -> Answer:
    """Sends `request` to the server at `port` of this machine and reads until it closes the connection."""
    asked_at = time.time()
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        # Refused before it was all sent: the answer is there to read all the same.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        received = receive(connection)
    return replace(parse(received, is_head=request.startswith(b"HEAD ")), asked_at=asked_at)


def receive(connection: socket.socket) -> bytes:
    received = bytearray()
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        if not received:
            raise
    return bytes(received)


def parse(received: bytes, is_head: bool) -> Answer:
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(f"not an HTTP answer: {received[:200]!r}")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    answer = Answer(int(status_line.split(" ")[1]), headers, body)
    if is_head:
        return Answer(answer.status, headers, body=body)
    if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
        return Answer(answer.status, headers, join_chunks(body))
    length = answer.header("Content-Length")
    if length is not None and len(body) != int(length):
        raise ValueError(f"Content-Length is {length}, the body has {len(body)} bytes")
    return answer


def join_chunks(body: bytes) -> bytes:
    joined = bytearray()
    while True:
        size_line, _, body = body.partition(b"\r\n")
        size = int(size_line.split(b";")[0], 16)
        if size == 0:
            return bytes(joined)
        joined += body[:size]
        body = body[size + 2 :]
