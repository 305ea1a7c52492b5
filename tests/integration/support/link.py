"""A TCP proxy on loopback whose connections can be slow, half-open, or closed."""

import contextlib
import queue
import socket
import threading
import time

CHUNK = 64 * 1024
HELD_S = 0.02  # how long until the end of a hold is noticed


class Link:
    """Forwards connections from its own port (0: any free one) to 127.0.0.1:target.

    delay: seconds by which every byte is delayed, in each direction. After hold(), nothing is
    forwarded, and neither end notices (half-open connections). let_go() delivers what was sent
    meanwhile. hold_stream() holds only the binlog, and delay_stream() delays only that."""

    def __init__(self, target, port=0):
        self.target = target
        self.delay = 0.0
        self.free = threading.Event()
        self.free.set()
        self.held = set()  # ports at the target from which nothing is forwarded
        self.delays = {}  # port at the target: seconds
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        self.free.clear()

    def let_go(self):
        self.held.clear()
        self.delays.clear()
        self.free.set()

    def hold_stream(self, server):
        """Hold the binlog that the server sends. Other connections of the same program continue."""
        self.held |= self._streams(server)

    def delay_stream(self, server, seconds):
        self.delays.update(dict.fromkeys(self._streams(server), seconds))

    def _streams(self, server):
        """Return the ports at the target of the connections through which the server sends its binlog."""
        own = {end.getsockname()[1] for end in list(self.sockets)}
        hosts = server.run("SELECT host FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'")
        found = {int(host.rpartition(":")[2]) for (host,) in hosts} & own
        assert found, f"no binlog is sent through this link: {hosts}"
        return found

    def cut(self):
        """Close every connection."""
        for end in list(self.sockets):
            self.sockets.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.let_go()
        self.cut()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.sockets |= {near, far}
            for source, sink in ((near, far), (far, near)):
                sent = queue.SimpleQueue()
                threading.Thread(target=self._receive, args=(source, sent), daemon=True).start()
                port = source.getsockname()[1] if source is far else 0
                threading.Thread(target=self._deliver, args=(sent, sink, port), daemon=True).start()

    def _receive(self, source, sent):
        with contextlib.suppress(OSError):
            port = source.getsockname()[1]
            while data := source.recv(CHUNK):
                sent.put((time.monotonic() + self.delays.get(port, self.delay), data))
        sent.put((time.monotonic() + self.delay, None))

    def _deliver(self, sent, sink, port):
        with contextlib.suppress(OSError):
            while True:
                when, data = sent.get()
                time.sleep(max(0, when - time.monotonic()))
                self.free.wait()
                while port in self.held:
                    time.sleep(HELD_S)
                if data is None:
                    sink.shutdown(socket.SHUT_WR)
                    break
                sink.sendall(data)
