"""The server's TLS, judged by curl and openssl s_client."""
import os
import shutil
import subprocess

import pytest

BIG = 3_000_000

pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")


def make_identity(folder, name, algorithm=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", *algorithm, "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return make_identity(tmp_path_factory.mktemp("tls"), "one")


@pytest.fixture
def server(start, identity):
    cert, key = identity
    return start("--cert", cert, "--key", key, "--response-size", "300000")


def curl(server, identity, *flags, path="/", url=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "--cacert", identity[0], "-o", "/dev/null", "-w",
                           "%{http_code} %{http_version} %{size_upload} %{size_download} %{num_connects}\n", *flags, url or server.url + path],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


def ends_of(server):
    return server.url.removeprefix("https://")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_each_version_that_is_spoken_brings_the_whole_answer(server, identity, version):
    code, said = curl(server, identity, f"--tlsv{version}", "--tls-max", version)
    assert code == 0 and said[:2] + said[3:4] == ["200", "1.1", "300000"]


def test_older_versions_are_refused(server, identity):
    assert curl(server, identity, "--tls-max", "1.1")[0] == 35


def test_http2_is_offered_and_not_chosen(server, identity):
    assert curl(server, identity, "--http2")[1][:2] == ["200", "1.1"]


def test_a_client_that_offers_other_protocols_alone_is_told_so(server):
    done = subprocess.run(["openssl", "s_client", "-connect", ends_of(server), "-alpn", "h2"], input="", capture_output=True, text=True, timeout=20,
                          check=False)
    assert "no application protocol" in done.stderr


def test_a_body_that_waits_for_100_continue(server, identity, tmp_path):
    (tmp_path / "big").write_bytes(os.urandom(BIG))
    code, said = curl(server, identity, "-H", "Expect: 100-continue", "--data-binary", f"@{tmp_path / 'big'}")
    assert (code, said[0], said[2], said[3]) == (0, "200", str(BIG), "300000")


def test_connections_are_kept(server, identity):
    url = server.url + "/"
    code, said = curl(server, identity, url, "-o", "/dev/null", url, "-o", "/dev/null")
    assert code == 0 and said[4::5] == ["1", "0", "0"]


def test_http_in_the_clear_is_told_so_in_the_clear(server, identity):
    code, said = curl(server, identity, url=server.url.replace("https", "http", 1))
    assert code == 0 and said[0] == "400"


def test_s_client_verifies_it_and_is_told_of_the_end(server, identity):
    done = subprocess.run(["openssl", "s_client", "-connect", ends_of(server), "-CAfile", identity[0], "-verify_return_error", "-ign_eof"],
                          input="GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0 and "Verify return code: 0 (ok)" in done.stdout and '"requests": 0' in done.stdout
    assert done.stdout.rstrip().endswith("closed")  # close_notify, not a cut


def test_a_session_is_resumed_by_its_ticket(server, identity, tmp_path):
    ask = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for flags, said in ((("-sess_out", tmp_path / "session"), "New, TLSv1.3"), (("-sess_in", tmp_path / "session"), "Reused, TLSv1.3")):
        done = subprocess.run(["openssl", "s_client", "-connect", ends_of(server), "-ign_eof", *flags], input=ask, capture_output=True, text=True,
                              timeout=20, check=False)
        assert said in done.stdout


def test_handshakes_that_go_nowhere_keep_nobody_out(start, identity):
    """All but one of the connections that may be open say nothing, or never end what they say, or are no TLS."""
    cert, key = identity
    server = start("--cert", cert, "--key", key, "--connections", "8")
    others = [server.connect() for _ in range(7)]
    others[0].sendall(b"\x16\x03\x01\x02\x00\x01")
    others[1].sendall(os.urandom(4096))
    assert curl(server, identity)[1][0] == "200"
    for one in others:
        one.close()
    assert curl(server, identity)[1][0] == "200"


@pytest.mark.parametrize("flags,said", [
    (["--cert", "@cert"], "--cert and --key go together"),
    (["--cert", "@key", "--key", "@key"], "holds no certificate in PEM form"),
    (["--cert", "@cert", "--key", "@cert"], "private key"),
    (["--cert", "@cert", "--key", "@other"], "holds no private key of the certificate"),
    (["--cert", "@cert", "--key", "@open"], "everybody may read"),
    (["--cert", "@cert", "--key", "@locked"], "with a passphrase"),
    (["--cert", "/nowhere", "--key", "@key"], "'/nowhere' cannot be read: No such file"),
])
def test_files_that_cannot_be_used_are_named(identity, tmp_path, flags, said):
    cert, key = identity
    other = make_identity(tmp_path, "other")[1]
    for name in ("open", "locked"):
        shutil.copy(key, tmp_path / name)
    shutil.copy(cert, tmp_path / "cert")
    (tmp_path / "cert").chmod(0o600)
    (tmp_path / "open").chmod(0o644)
    subprocess.run(["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:secret", "-out", tmp_path / "locked"], check=True)
    (tmp_path / "locked").chmod(0o600)
    names = {"@cert": tmp_path / "cert", "@key": key, "@other": other, "@open": tmp_path / "open", "@locked": tmp_path / "locked"}
    done = subprocess.run([os.environ["BRUNT"], "target", "--port", "0", *(names.get(flag, flag) for flag in flags)], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode in (2, 5) and said in done.stderr, done.stderr
