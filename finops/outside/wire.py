"""The sockets below the HTTP client: they go to checked addresses only and end by a deadline."""

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

from finops.outside.endpoint import Endpoint, addresses

Clock = Callable[[], float]


class Deadline:
    """A moment on the monotonic clock; a reading or writing may last no longer than to it."""

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self.at = clock() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Return the seconds that remain, at most `wanted`; raise when none do."""
        left = self.at - self.clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long as a whole")
        return left if wanted is None else min(left, wanted)


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every reading and writing ends by the deadline.

    The time limit of the client is per reading; a peer that sends a byte a second never meets it.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self.stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.deadline.left(timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self.deadline.left(timeout)
        secured = self.stream.start_tls(ssl_context, server_hostname, seconds)
        return DeadlineStream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to the addresses that the guard has just checked, never to a name."""

    def __init__(self, target: Endpoint, deadline: Deadline) -> None:
        self.target = target
        self.deadline = deadline
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        target = self.target
        for address in addresses(target.host, target.port, is_private=target.is_private):
            try:
                stream = self.plain.connect_tcp(address, port, self.deadline.left(timeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self.deadline)
        raise failure


class CheckedTransport(httpx.HTTPTransport):
    """One request to one checked endpoint, over a connection of its own."""

    def __init__(self, target: Endpoint, deadline: Deadline, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx has no parameter for the sockets below it.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_keepalive_connections=0,
            network_backend=CheckedBackend(target, deadline),
        )
