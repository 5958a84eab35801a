"""An SMTP server that takes everything and keeps nothing but a count: as little in the sender's way as may be.

`python -m tests.bench.sink` prints its port, and serves until its input is closed.
"""

import asyncio
import sys


class Sink(asyncio.Protocol):
    accepted = 0

    def connection_made(self, transport):
        self.transport, self.rest, self.in_data = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.rest += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Answer one command, or the end of one message. False: more has to come first."""
        if self.in_data:
            _text, end, rest = self.rest.partition(b"\r\n.\r\n")
            if not end:
                return False
            self.rest, self.in_data = rest, False
            Sink.accepted += 1
            self.transport.write(b"250 taken\r\n")
            return True
        line, end, rest = self.rest.partition(b"\r\n")
        if not end:
            return False
        self.rest = rest
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n")
        elif verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        elif verb == b"COUN":  # ours: how many were taken
            self.transport.write(b"250 %d\r\n" % Sink.accepted)
        else:
            self.transport.write(b"250 ok\r\n")
        return True


async def serve() -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(Sink, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
