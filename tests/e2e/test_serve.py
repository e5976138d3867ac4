"""`clarion serve` as a process: its children, its port, its folder, its signals. The application is a stand-in."""

import contextlib
import datetime
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parents[2]
#: No database is asked for by the stand-in.
ELSEWHERE = "postgresql://clarion:s3cret@127.0.0.1:9/none"


class Server:
    """One `clarion serve`; only processes started here are ever ended, by their ids."""

    def __init__(self, data: Path, *flags: str, database: str | None = ELSEWHERE) -> None:
        data.parent.mkdir(parents=True, exist_ok=True)
        self.log_file = data.parent / f"{data.name}.log"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
        environ["PYTHONPATH"] = f"{ROOT / 'src'}:{ROOT / 'tests' / 'e2e'}"
        if database:
            environ["CLARION_DATABASE_URL"] = database
        environ["CLARION_PORT"] = "0"
        command = [sys.executable, "-m", "clarion", "serve", "--app", "serve_standin", "--data", str(data)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *flags],
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.url = ""
        self.banner: list[str] = []
        self._seen: dict[int, psutil.Process] = {}

    def ready(self) -> "Server":
        """Wait for the banner."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.banner.append(line.rstrip())
            if "ready at" in line:
                self.url = line.split()[-1]
            if "Ctrl-C" in line:
                return self
        raise AssertionError(self.log)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def children(self) -> dict[str, psutil.Process]:
        """http, worker (one of them), postgres: those that are there."""
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                self._seen[child.pid] = child
                words = child.cmdline()
                if "clarion.serve.child" in words:
                    found[words[-2]] = child
                elif words and words[0].endswith("/postgres"):
                    found["postgres"] = child
        return found

    def get(self, path: str, timeout_s: float = 10, **more: Any) -> str:
        with urllib.request.urlopen(self.url + path, timeout=timeout_s, **more) as response:
            body: str = response.read().decode()
            return body

    def get_later(self, path: str) -> Callable[[], str]:
        """Send the request now; the result's call waits for the answer, or says what came instead."""
        answers: list[str] = []

        def ask() -> None:
            try:
                answers.append(self.get(path))
            except OSError as exc:
                answers.append(repr(exc))

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.2)  # until it is in flight

        def wait() -> str:
            thread.join(15)
            return answers[0] if answers else "no answer"

        return wait

    def end(self, number: int = signal.SIGTERM, timeout_s: float = 20) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def leave_nothing(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.children()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()
        gone(list(self._seen.values()), 5)


def gone(processes: list[psutil.Process], within_s: float) -> bool:
    """Whether all of them end within that time. An orphan may stay a zombie until somebody reaps it."""

    def alive(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    give_up_at = time.monotonic() + within_s
    while any(map(alive, processes)):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


def until(condition: Callable[[], Any], within_s: float = 10) -> Any:
    """Wait for something to become true; returns it."""
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []

    def started(*flags: str, data: Path = tmp_path / "data", **more: Any) -> Server:
        servers.append(Server(data, *flags, **more))
        return servers[-1]

    yield started
    for server in servers:
        server.leave_nothing()


def test_it_says_where_it_is_and_what_to_try(start: Start, tmp_path: Path) -> None:
    server = start().ready()
    pid = server.get("/hello")
    assert server.children()["http"].pid == int(pid)
    assert f"  curl {server.url}/hello" in server.banner
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    assert server.end() == 0
    assert "Traceback" not in server.log


def test_what_is_in_flight_is_answered_before_it_ends(start: Start) -> None:
    server = start().ready()
    children = list(server.children().values())
    answer = server.get_later("/slow/1.5")
    server.process.send_signal(signal.SIGTERM)
    until(lambda: refused(server))
    assert answer().isdigit()
    assert server.process.wait(10) == 0
    assert gone(children, 0.5)
    assert server.log.index("http has closed") < server.log.index("worker has finished")


def refused(server: Server) -> bool:
    try:
        server.get("/hello", 1)
    except ConnectionResetError:
        return False  # let in at the last moment and closed before anything of it was read
    except urllib.error.URLError as exc:
        return isinstance(exc.reason, ConnectionRefusedError)
    return False


def test_ctrl_c_reaches_the_whole_terminal_and_yet_drains(start: Start) -> None:
    server = start().ready()
    answer = server.get_later("/slow/1")
    os.killpg(
        server.process.pid, signal.SIGINT
    )  # what a terminal does; the server was made a group's leader above
    assert answer().isdigit()
    assert server.process.wait(10) == 0


def test_a_second_signal_hurries(start: Start) -> None:
    server = start().ready()
    children = list(server.children().values())
    server.get_later("/slow/30")
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    asked_at = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - asked_at < 3
    assert gone(children, 0.5)


def test_kill_9_of_the_supervisor_takes_everything_along(start: Start) -> None:
    server = start("--workers", "2", database=None).ready()
    children = server.children()
    everything = psutil.Process(server.process.pid).children(recursive=True)
    assert set(children) == {"http", "worker", "postgres"}
    server.get_later("/slow/30")
    server.end(signal.SIGKILL)
    assert gone(everything, 3)
    again = start(database=None).ready()  # port and folder are free, PostgreSQL recovers
    assert again.end() == 0


@pytest.mark.parametrize("which", ["http", "worker"])
def test_a_child_that_is_killed_comes_back(start: Start, which: str) -> None:
    server = start().ready()
    killed = server.children()[which]
    os.kill(killed.pid, signal.SIGKILL)
    until(lambda: server.children().get(which, killed).pid != killed.pid)
    assert server.get("/hello").isdigit()  # a request that comes meanwhile waits
    assert (
        f"{which}{'-1' if which == 'worker' else ''} ended by signal 9; starting it again in 0.2 s"
        in server.log
    )
    assert server.end() == 0


def test_the_children_survive_a_killed_postgresql(start: Start) -> None:
    server = start(database=None).ready()
    before = server.children()
    os.kill(before["postgres"].pid, signal.SIGKILL)
    after = until(
        lambda: (
            (found := server.children()).get("postgres", before["postgres"]) != before["postgres"] and found
        )
    )
    assert (after["http"], after["worker"]) == (before["http"], before["worker"])
    until(lambda: "PostgreSQL is back" in server.log)
    assert server.end() == 0


def test_a_second_serve_on_the_same_folder_is_refused(start: Start) -> None:
    first = start(database=None).ready()
    second = start(database=None)
    assert second.process.wait(10) == 1
    line = second.log.splitlines()[-1]
    assert line.startswith("clarion: `clarion serve` is running on ")
    assert f"(process {first.process.pid}); stop `kill {first.process.pid}` first" in line
    assert first.get("/hello").isdigit()


def test_a_taken_port_is_named_before_anything_slow(start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("--port", str(port), database=None)
        assert server.process.wait(10) == 1
    assert f"clarion: port {port} is taken by {psutil.Process().name()} (process {os.getpid()})" in server.log
    assert "choose another with --port" in server.log
    assert not (tmp_path / "data" / "engine").exists()


def test_a_host_that_is_not_ours_is_named(start: Start) -> None:
    server = start("--host", "192.0.2.1")
    assert server.process.wait(10) == 1
    assert server.log == "clarion: host 192.0.2.1 is not an address of this machine; choose one with --host\n"


def test_two_with_port_0_have_two_ports(start: Start, tmp_path: Path) -> None:
    one, two = start(data=tmp_path / "one"), start(data=tmp_path / "two")
    assert one.ready().url != two.ready().url


def test_a_refusal_is_a_sentence_without_a_traceback(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "refuse").touch()
    server = start()
    assert server.process.wait(10) == 1
    assert server.log == "clarion: the data is from tomorrow: install a newer Clarion\n"


def test_what_nobody_foresaw_is_a_traceback_in_the_log(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "crash").touch()
    server = start("--log-format", "json")
    assert server.process.wait(10) == 1
    assert '"action":"child_crashed"' in server.log.replace(": ", ":")
    assert "KeyError: 'unforeseen'" in server.log
    assert server.log.endswith("clarion: preparing the database failed; the lines above say more\n")


def test_a_child_that_cannot_start_ends_the_attempt(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "http-ends").touch()
    server = start()
    assert server.process.wait(15) == 1
    assert server.log.count("[error] HTTP has no mind to start") == 3
    assert server.log.endswith("clarion: http ended 3 times while starting; the lines above say why\n")


def test_workers_alone_have_no_port(start: Start, tmp_path: Path) -> None:
    server = start("--role", "worker").ready()
    assert set(server.children()) == {"worker"}
    assert "http" not in server.banner[0]
    assert server.end() == 0


def test_a_child_that_ends_is_started_again_ever_more_slowly(start: Start, tmp_path: Path) -> None:
    server = start("--role", "worker").ready()
    (tmp_path / "data" / "worker-ends").touch()
    os.kill(server.children()["worker"].pid, signal.SIGTERM)
    until(lambda: "starting it again in 0.8 s" in server.log)
    assert "worker-1 ended with exit code 0; starting it again in 0.4 s" in server.log
    assert server.end() == 0


def test_https(start: Start, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    server = start("--tls-cert", str(cert), "--tls-key", str(key)).ready()
    assert server.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(cert))
    assert server.get("/hello", context=context).isdigit()
    for path in ("/hello", "/crash"):  # what the application answers, and what is answered for it
        try:
            headers = urllib.request.urlopen(server.url + path, context=context, timeout=5).headers
        except urllib.error.HTTPError as exc:
            headers = exc.headers
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_wrong_certificate_is_told_at_once(start: Start, tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path)
    server = start("--tls-cert", str(cert), "--tls-key", str(cert))
    assert server.process.wait(10) == 1
    assert "are not a certificate and its key in PEM" in server.log


def test_a_request_that_crashes_gets_an_id_that_the_log_has(start: Start) -> None:
    server = start().ready()
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.get("/crash")
    with caught.value as response:
        body = response.read().decode()
    assert response.code == 500
    incident = body.split('"')[-2]
    assert f"incident={incident}" in server.log
    assert "ValueError: a bug" in server.log


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 405 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 300_000 + b"\r\n\r\n", b"HTTP/1.1 431 "),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400 "),
    ],
)
def test_what_is_not_served(start: Start, request_: bytes, answer: bytes) -> None:
    assert exchange(start().ready(), request_).startswith(answer)


def test_of_two_lengths_only_one_is_believed_and_the_connection_is_closed(start: Start) -> None:
    """RFC 9112 6.3: Transfer-Encoding wins, and nothing more is read from there (request smuggling)."""
    head = b"POST /headers HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = exchange(start().ready(), head + smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer
    assert b"content-length" not in answer.partition(b"\r\n\r\n")[2]


def test_no_secret_is_in_a_childs_arguments(start: Start) -> None:
    server = start().ready()
    for child in server.children().values():
        assert "s3cret" not in " ".join(child.cmdline())


def exchange(server: Server, request: bytes) -> bytes:
    """All that comes back until the server closes, or says no more."""
    host, port = server.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), 2) as connection:
        connection.sendall(request)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
                if b"\r\n\r\n" in answer:
                    connection.settimeout(0.5)
    return answer


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed one for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return cert_file, key_file
