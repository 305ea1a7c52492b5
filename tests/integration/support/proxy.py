"""A TCP proxy on loopback that simulates network faults: slow, stalled or closed connections."""

import contextlib
import socket
import struct
import threading
import time

PIECE = 16 << 10  # bytes that are forwarded at once


class Proxy:
    """Forwards connections from `port` to a target on loopback. Tests may change these attributes:

    mode   "pass"    forward bytes in both directions
           "hold"    forward nothing; deliver the bytes later, when the mode is "pass" again
           "swallow" discard all bytes, and accept new connections without connecting them to the
                     target; close all these connections when the mode changes
           "refuse"  close all connections, and new ones as soon as they are made
    delay  seconds by which each piece is delayed
    rate   bytes per second towards the target, of all connections together; None: no limit
    only   a function of a connection's Kafka client.id: mode, delay and rate apply only to
           connections for which it is true; None: to all
    edit   a function of (towards the target?, a frame of Kafka's protocol) that returns the frame to
           send instead, read when a connection begins; None: do not look at frames
    """

    def __init__(self, target=0):
        self.target = target
        self.delay = 0
        self.rate = None
        self.only = None
        self.edit = None
        self._mode = "pass"
        self._free_at = 0.0
        self._lock = threading.Condition()
        self._links = set()
        self._ended = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def mode(self):
        return self._mode

    def set(self, mode, only=None):
        """Change `mode` and `only` in one step."""
        assert mode in ("pass", "hold", "swallow", "refuse")
        with self._lock:
            before = [link for link in self._links if link.mode() == "swallow"]
            self.only = only
            self._mode = mode
            self._lock.notify_all()
            links = list(self._links)
        for link in links:
            if link.mode() == "refuse" or (link in before and link.mode() != "swallow"):
                link.close()

    def reset(self):
        """Forward everything, without delay or limit."""
        self.delay, self.rate, self.edit = 0, None, None
        self.set("pass")

    def close(self):
        with self._lock:
            self._ended = True
            self._lock.notify_all()
            links = list(self._links)
        self._listener.close()
        for link in links:
            link.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=_Link(self, client).run, daemon=True).start()

    def _pace(self, n):
        """Wait until `rate` allows n more bytes to the target."""
        if not self.rate:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + n / self.rate
            left = self._free_at - time.monotonic()
        time.sleep(max(left, 0))


class RefusedFirst:
    """An `edit` that makes the broker refuse the first produce request for a topic, as a leader that is not ready does, and
    accept later ones. It replaces the topic in that request by one of the same length that does not exist, and restores it
    in the answer. The answer is delayed, so that later requests are sent before it arrives."""

    PRODUCE = 0
    ANSWER_S = 0.3

    def __init__(self, topic):
        self.topic = topic.encode()
        self.other = b"-" * len(self.topic)
        self.refused = False

    def __call__(self, up, frame):
        if up and not self.refused and struct.unpack(">h", frame[4:6])[0] == self.PRODUCE and self.topic in frame:
            self.refused = True
            return frame.replace(self.topic, self.other)
        if not up and self.other in frame:
            time.sleep(self.ANSWER_S)
            return frame.replace(self.other, self.topic)
        return frame


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.server = None
        self.edit = proxy.edit
        self.name = None  # the client.id; None: the first request has not arrived yet

    def mode(self):
        """The mode that applies to this connection."""
        only = self.proxy.only
        if only is not None and not (self.name is not None and only(self.name)):
            return "pass"
        return self.proxy.mode

    def run(self):
        with self.proxy._lock:
            self.proxy._links.add(self)
        try:
            self.name = self._client_id()
            while self.mode() == "swallow":
                if not self.client.recv(PIECE):
                    return
            if self.mode() == "refuse":
                return
            self.server = socket.create_connection(("127.0.0.1", self.proxy.target))
            back = threading.Thread(target=self._pump, args=(self.server, self.client), daemon=True)
            back.start()
            self._pump(self.client, self.server)
            back.join()
        except OSError:
            pass
        finally:
            self.close()
            with self.proxy._lock:
                self.proxy._links.discard(self)

    def _client_id(self):
        """Return the client.id of the first request, without removing the request from the socket.

        In the header, the client.id follows size, API key, version and correlation id."""
        head = self.client.recv(14, socket.MSG_PEEK | socket.MSG_WAITALL)
        if len(head) < 14:
            return ""
        (length,) = struct.unpack(">h", head[12:])
        whole = self.client.recv(14 + max(length, 0), socket.MSG_PEEK | socket.MSG_WAITALL)
        return whole[14:].decode(errors="replace")

    def _edited(self, source):
        """Return the next frame from the other side, edited; empty at the end."""
        size = source.recv(4, socket.MSG_WAITALL)
        if len(size) < 4:
            return b""
        (length,) = struct.unpack(">i", size)
        frame = source.recv(length, socket.MSG_WAITALL)
        return self.edit(source is self.client, size + frame) if len(frame) == length else b""

    def _pump(self, source, sink):
        try:
            while True:
                self._wait_while_held()
                data = self._edited(source) if self.edit else source.recv(PIECE)
                if not data:
                    break
                self._wait_while_held()
                if self.mode() == "swallow":
                    continue
                affected = self.proxy.only is None or self.proxy.only(self.name)
                if affected and self.proxy.delay:
                    time.sleep(self.proxy.delay)
                if affected and sink is self.server:
                    self.proxy._pace(len(data))
                sink.sendall(data)
        except OSError:
            pass
        self.close()

    def _wait_while_held(self):
        with self.proxy._lock:
            while self.mode() == "hold" and not self.proxy._ended:
                self.proxy._lock.wait()

    def close(self):
        for end in (self.client, self.server):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
