"""The admin interface of a running tideway, by HTTP that is not tideway's own."""

import http.client
import json
import os
import socket
from pathlib import Path


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Admin:
    """Requests to one process: on its Unix socket, or on a TCP port."""

    def __init__(self, path=None, port=None, token=None, timeout=30):
        self.path, self.port, self.token, self.timeout = path, port, token, timeout

    def connect(self):
        if self.path:
            return UnixConnection(self.path, self.timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def ask(self, method, path, body=None, headers=None):
        """Send a request. Return (status, JSON of the answer)."""
        link = self.connect()
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            link.request(method, path, json.dumps(body) if isinstance(body, dict) else body, headers)
            answer = link.getresponse()
            assert answer.getheader("Content-Type") == "application/json"
            return answer.status, json.loads(answer.read())
        finally:
            link.close()

    def get(self, path):
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer

    def sync(self, name):
        return self.get(f"/syncs/{name}")

    def state(self, name):
        """The state of a sync; None while no process answers, because it has just been started or has ended."""
        try:
            return self.sync(name)["state"]
        except OSError:
            return None

    def tables(self, name):
        return {table["name"]: table for table in self.get(f"/syncs/{name}/tables")["tables"]}


def default_folder():
    """The runtime folder of a process without XDG_RUNTIME_DIR."""
    shared = Path("/run/tideway")
    return shared if shared.exists() and shared.stat().st_uid == os.geteuid() else Path(f"/tmp/tideway-{os.geteuid()}")


def admin_of(sync):
    """The admin interface of a Sync that runs, at its default socket."""
    return Admin(default_folder() / f"{sync.name}.sock")
