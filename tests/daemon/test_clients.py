"""brunt jobs, submit, stop and watch from elsewhere: over TLS, with a token. OpenSSL makes the certificate, Python's ssl asks as well."""
import os
import socket
import ssl
import subprocess

import pytest
import yaml

from test_daemon import BRUNT, WAIT_S, fixture_daemon, fixture_target, free_port, profile  # noqa: F401  pylint: disable=unused-import


@pytest.fixture(name="secure")
def fixture_secure(daemon):
    """Over TLS, with tokens."""
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=brunt",
                           "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", os.path.join(daemon.folder, "key.pem"), "-out", os.path.join(daemon.folder, "cert.pem")],
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    daemon.port = free_port()
    token = "r" * 40
    daemon.write("tokens", f"ci run plain:{token}\n")
    os.chmod(os.path.join(daemon.folder, "tokens"), 0o600)
    daemon.configure(listen=["unix:" + daemon.socket, f"127.0.0.1:{daemon.port}"], tokens="tokens", tls={"cert": "cert.pem", "key": "key.pem"})
    daemon.token = token
    return daemon.start()


def test_clients_come_by_https_with_a_token(secure, target):
    env = dict(os.environ) | {"BRUNT_TOKEN": secure.token, "BRUNT_SERVER": f"https://127.0.0.1:{secure.port}"}
    ca = ("--ca-file", os.path.join(secure.folder, "cert.pem"))
    secure.write("mine.yaml", yaml.safe_dump(profile(target, 1)))

    def client(*args, **more):
        return subprocess.run([BRUNT, *args], capture_output=True, text=True, timeout=WAIT_S, check=False, env=env | more)

    done = client("submit", os.path.join(secure.folder, "mine.yaml"), "--wait", *ca)
    run = done.stdout.split("\n")[0]
    assert done.returncode == secure.ended(run)["exit_code"], done.stderr
    assert run in client("jobs", *ca).stdout and secure.run(run)["submitted_by"] == "ci"
    assert client("watch", run, BRUNT_CA_FILE=ca[1]).returncode == done.returncode
    assert "not trusted" in client("jobs").stderr  # nobody signed it
    assert "--ca-file" in client("jobs", "--ca-file", "/dev/null").stderr
    assert "needs a token" in client("jobs", *ca, BRUNT_TOKEN="").stderr
    assert "not known" in client("jobs", *ca, BRUNT_TOKEN="x" * 40).stderr
    other = client("jobs", *ca, "--server", f"https://localhost:{secure.port}")  # a name that is not in the certificate
    assert other.returncode != 0 and "not trusted" in other.stderr
    assert client("jobs", *ca, "--server", f"http://127.0.0.1:{secure.port}").returncode != 0


def test_whoever_is_not_known_is_told_how_to_come_in(secure):
    context = ssl.create_default_context(cafile=os.path.join(secure.folder, "cert.pem"))
    for token, expected in ((None, 'Bearer realm="brunt"'), ("x" * 40, 'Bearer realm="brunt", error="invalid_token"')):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=WAIT_S) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as wire:
            line = f"Authorization: Bearer {token}\r\n" if token else ""
            wire.sendall(f"GET /api/v1/runs HTTP/1.0\r\nHost: 127.0.0.1:{secure.port}\r\n{line}\r\n".encode())
            head = wire.recv(65536).decode().split("\r\n")
            assert " 401 " in head[0] and f"WWW-Authenticate: {expected}" in head
