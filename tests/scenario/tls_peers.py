"""TLS for the peers: certificates by the openssl command, and the server's half by Python's ssl. A scenario says

    server: {peer: plain, tls: {certificate: good, client: true, handshakes: [good, stall], ends: [said, cut]}}

certificate: good, expired, future (not valid yet), other (another name), self (signed by itself), stranger (by nobody who is
trusted), purpose (a client's), all for localhost and 127.0.0.1 but `other`; the authority is in ca.pem beside the profile, a
client's certificate in client.pem and client.key. handshakes: what becomes of one connection after another, in turn; ends:
likewise, whether its end is announced (close_notify)."""
import os
import socket
import ssl
import struct
import subprocess

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
HERE = "DNS:localhost,IP:127.0.0.1"
LEAVES = {"good": (HERE, 30), "expired": (HERE, -1), "other": ("DNS:other.test", 30), "client": ("DNS:client.test", 30),
          "stranger": (HERE, 30), "purpose": (f"{HERE}\nextendedKeyUsage=clientAuth", 30), "future": (HERE, None)}
# What `openssl ca` wants, which alone can say when a certificate begins to be valid.
CA_CONFIG = """[ca]
default_ca=here
[here]
new_certs_dir=.
database=future.index
serial=future.serial
default_md=sha256
policy=any
[any]
commonName=supplied
"""


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True, timeout=30)


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def make_authority(folder, name="ca"):
    openssl(folder, "req", "-x509", *EC, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30", "-subj", f"/CN=authority {name}")


def make_future(folder):
    for name, text in (("ca.cnf", CA_CONFIG), ("future.index", ""), ("future.serial", "1000\n")):
        write(folder, name, text)
    openssl(folder, "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "future.csr",
            "-out", "future.pem", "-startdate", "20960101000000Z", "-enddate", "20970101000000Z", "-extfile", "future.cnf")


def make_leaf(folder, name):
    names, days = LEAVES[name]
    write(folder, f"{name}.cnf", f"subjectAltName={names}\n")
    openssl(folder, "req", *EC, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    if name == "future":
        make_future(folder)
        return
    authority = "nobody" if name == "stranger" else "ca"
    if name == "stranger":
        make_authority(folder, authority)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
            "-out", f"{name}.pem", "-days", str(days), "-extfile", f"{name}.cnf")


def make_self(folder):
    openssl(folder, "req", "-x509", *EC, "-keyout", "self.key", "-out", "self.pem", "-days", "30", "-subj", "/CN=localhost",
            "-addext", f"subjectAltName={HERE}")


def make_certificates(folder, names):
    make_authority(folder)
    for name in {"client", *names}:
        if name == "self":
            make_self(folder)
        else:
            make_leaf(folder, name)


def stall(peer, _):
    peer.held.wait()


def reset(_, connection):
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close(_, connection):
    connection.recv(65536)


def garbage(_, connection):
    connection.recv(65536)
    connection.sendall(b"220 mail.test ESMTP\r\n")


BROKEN = {f.__name__: f for f in (stall, reset, close, garbage)}


class Tls:
    def __init__(self, spec, folder):
        certificate = spec.get("certificate", "good")
        make_certificates(folder, {certificate})
        self.handshakes, self.ends = spec.get("handshakes", ["good"]), spec.get("ends", ["said"])
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*(os.path.join(folder, f"{certificate}.{kind}") for kind in ("pem", "key")))
        if spec.get("client"):
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(os.path.join(folder, "ca.pem"))

    def accept(self, peer, connection, number):
        """The connection over TLS; None: its handshake was what was wanted, and it is over."""
        fate = self.handshakes[number % len(self.handshakes)]
        if fate == "good":
            return self.context.wrap_socket(connection, server_side=True)
        BROKEN[fate](peer, connection)
        return None

    def end(self, connection, number):
        if self.ends[number % len(self.ends)] == "said":
            connection.unwrap()
