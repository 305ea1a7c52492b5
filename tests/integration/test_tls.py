"""TLS to the source (lua-api: source.mysql{tls = false | true | {ca, cert, key, verify}})."""

import contextlib
import datetime
import ipaddress
import socket
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder, name, issuer=None):
    """Writes name.pem and name.key, signed by issuer (its certificate and key) or by itself; returns both."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return built, key


@pytest.fixture(scope="module")
def secure(folder):
    """A MariaDB that accepts only TLS, and the folder of the certificates."""
    from support.servers import MariaDB

    place = folder / "tls"
    place.mkdir()
    authority = certificate(place, "ca")
    certificate(place, "server", authority)
    certificate(place, "client", authority)
    certificate(place, "other")
    server = MariaDB(
        folder / "mariadb_tls",
        (f"--ssl-ca={place}/ca.pem", f"--ssl-cert={place}/server.pem", f"--ssl-key={place}/server.key"),
    )
    server.run("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY)", "INSERT INTO d.t VALUES (1)",
               "ALTER USER tideway REQUIRE SSL")
    yield server, place
    server.stop()


@pytest.mark.parametrize("tls", ["verified", "not verified"])
def test_tls(sync_on, secure, kafka, unique, tls):
    """Full sync, stream and a clean stop over TLS."""
    server, place = secure
    how = {"ca": str(place / "ca.pem")} if tls == "verified" else {"verify": False}
    running = sync_on(server, kafka, ["d.*"], f'topic = {{ template = "{unique}" }},', topic=False, tls=how).start()
    running.wait_message(unique, lambda m: m.key == b"1", "the row of the full sync")
    running.wait_streaming()
    server.run("REPLACE INTO d.t VALUES (2)")
    running.wait_message(unique, lambda m: m.key == b"2", "the row of the stream")
    assert running.stop() == 0


def test_tls_required(sync_on, secure, kafka):
    """Without TLS the server refuses: said so, exit code 3."""
    server, _ = secure
    sync_on(server, kafka, ["d.*"]).start().fails(3, r"(?i)tls|ssl|access denied")


def test_tls_system_authorities(sync_on, secure, kafka, unique):
    """tls = true: a certificate that no authority of the system has signed is refused, and the error names the reason. One that
    such an authority has signed is accepted."""
    server, place = secure
    script = (["d.*"], f'topic = {{ template = "{unique}" }},')
    running = sync_on(server, kafka, *script, topic=False, tls=True)
    running.start().fails(3, r"TLS/SSL error: self-signed certificate .*; check tls")
    running.start(env={"SSL_CERT_FILE": str(place / "ca.pem")})
    running.wait_message(unique, lambda m: m.key == b"1", "the row of the full sync")
    assert running.stop() == 0


def test_tls_client_certificate(sync_on, secure, kafka, unique):
    """tls = { ca, cert, key } for a user of whom the server wants a certificate; without one it is refused."""
    server, place = secure
    user = f"x_{unique[:20]}"
    server.make_user(user, "secret", *server.grants)
    server.run(f"ALTER USER {user} REQUIRE X509")
    how = {"ca": str(place / "ca.pem")}
    script = (["d.*"], f'topic = {{ template = "{unique}" }},')
    more = {"topic": False, "user": user, "password": "secret"}
    sync_on(server, kafka, *script, tls=how, **more).start().fails(3, f"Access denied for user '{user}'")
    how |= {"cert": str(place / "client.pem"), "key": str(place / "client.key")}
    running = sync_on(server, kafka, *script, tls=how, **more).start()
    running.wait_message(unique, lambda m: m.key == b"1", "the row of the full sync")
    running.wait_streaming()
    server.run("REPLACE INTO d.t VALUES (3)")
    running.wait_message(unique, lambda m: m.key == b"3", "the row of the stream")
    assert running.stop() == 0


def test_tls_wrong_authority(sync_on, secure, kafka):
    """A certificate that the given authority has not signed is refused."""
    server, place = secure
    sync_on(server, kafka, ["d.*"], tls={"ca": str(place / "other.pem")}).start().fails(3, r"(?i)certificate|tls|ssl")


@contextlib.contextmanager
def no_handshake(port, greeting):
    """Something on the port that greets as the server does and hangs up when TLS begins: a server that is restarting."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.sendall(greeting)
                    client.recv(36)  # the request for TLS
                    client.recv(1)  # the rest is not read

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_tls_that_fails_for_a_while(sync_on, secure, kafka, unique):
    """A TLS handshake that fails is final at the first start; where it has worked once it is tried again."""
    server, place = secure
    script = (["d.*"], f'topic = {{ template = "{unique}" }},')
    how = {"topic": False, "tls": {"ca": str(place / "ca.pem")}}
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        greeting = client.recv(1000)
    running = sync_on(server, kafka, *script, **how).start()
    running.wait_streaming()
    server.stop()
    with no_handshake(server.port, greeting):
        running.wait_log(r"cannot connect.*TLS/SSL error.*(starting|connecting) again")
        sync_on(server, kafka, *script, name=f"{unique[:30]}_new", **how).start().fails(3, "TLS/SSL error")
    server.start()
    server.run("REPLACE INTO d.t VALUES (9)")
    running.wait_message(unique, lambda m: m.key == b"9", "the row after it")
