"""A TCP proxy before PostgreSQL that cuts one connection around the COMMIT of a bulk load.

It understands just enough of the protocol: a connection is watched once it begins a COPY, and
its next COMMIT is the moment. `lost_answer`: the COMMIT arrives, its answer does not. Without
it, the COMMIT itself does not arrive. Every other connection passes untouched.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BLOCK = 64 * 1024
COMMIT = b"COMMIT\x00"


class FaultProxy:
    """Listens on a free port of this machine. `cuts` counts the connections it has cut."""

    def __init__(self, target: Path, *, lost_answer: bool) -> None:
        self.target = target
        self.lost_answer = lost_answer
        self.cuts = 0
        self.port = 0
        self._watched: set[asyncio.StreamWriter] = set()  # servers whose answer is not passed on

    async def serve(self, is_ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        is_ready.set()
        async with server:
            await stop.wait()

    async def _meet(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_unix_connection(str(self.target))
        forth = asyncio.create_task(self._forth(client, to_client, to_server))
        back = asyncio.create_task(self._back(server, to_client, to_server))
        with suppress(ConnectionError):
            await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
        for task in (forth, back):
            task.cancel()
        await asyncio.gather(forth, back, return_exceptions=True)
        for writer in (to_client, to_server):
            writer.transport.abort()

    async def _forth(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """Client to server, looking for the COMMIT after a COPY."""
        has_copied, tail = False, b""
        while block := await client.read(BLOCK):
            said = tail + block
            has_copied = has_copied or (b"COPY" in said and b"ledger_charge" in said)
            tail = said[-len(COMMIT) :]
            if has_copied and COMMIT in said and not self.cuts:
                self.cuts += 1
                if not self.lost_answer:
                    return
                self._watched.add(to_server)
            to_server.write(block)
            await to_server.drain()

    async def _back(
        self,
        server: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
    ) -> None:
        """Server to client, but for the answer to the COMMIT that was waited for."""
        while block := await server.read(BLOCK):
            if to_server in self._watched:
                return
            to_client.write(block)
            await to_client.drain()


@contextmanager
def fault_proxy(target: Path, *, lost_answer: bool) -> Iterator[FaultProxy]:
    """Run a proxy to the server's unix socket in a thread of its own."""
    proxy = FaultProxy(target, lost_answer=lost_answer)
    loop = asyncio.new_event_loop()
    is_ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(proxy.serve(is_ready, stop)), daemon=True
    )
    thread.start()
    assert is_ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
