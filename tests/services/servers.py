"""Servers that people run, over TLS, each with the count of requests that it keeps itself. Every one is a row of SERVERS: a
class with `name`, `protocols` (what of them it can be asked by), start() and count(), which ends it."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
import tls_peers  # noqa: E402

READY_S = 20
STOP_S = 10


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificates(folder):
    """ca.pem, and good.pem with its key: together too, as HAProxy wants them."""
    tls_peers.make_authority(folder)
    tls_peers.make_leaf(folder, "good")
    with open(os.path.join(folder, "both.pem"), "wb") as both:
        for name in ("good.pem", "good.key"):
            with open(os.path.join(folder, name), "rb") as part:
                both.write(part.read())


def lines_of(path):
    if not os.path.exists(path):
        return 0
    with open(path, "rb") as file:
        return sum(1 for _ in file)


class Server:
    name = program = config = ""
    protocols = ("1",)
    log = "access.log"

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    @classmethod
    def where(cls):
        return shutil.which(cls.program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")

    def write_config(self):
        text = self.config.replace("@PORT@", str(self.port)).replace("@DIR@", self.folder)
        with open(self.path("server.conf"), "w", encoding="ascii") as file:
            file.write(text)
        return self.path("server.conf")

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.path("server.out"), "wb") as out:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(["timeout", "-k", "5", "600", *self.command()], stdout=out, stderr=out,
                                            cwd=self.folder, start_new_session=True)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        with open(self.path("server.out"), encoding="utf-8", errors="replace") as out:
            raise RuntimeError(f"{self.name} did not become ready:\n{out.read()[-2000:]}")

    def stop(self):
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, kind)
            except ProcessLookupError:
                break
            try:
                self.process.wait(STOP_S)
                break
            except subprocess.TimeoutExpired:
                continue

    def count(self):
        """How many requests it says that it received; it has ended then."""
        self.stop()
        return lines_of(self.path(self.log))


class Nginx(Server):
    name = program = "nginx"
    protocols = ("1", "2")
    config = """
worker_processes 1;
user root;
pid @DIR@/nginx.pid;
error_log @DIR@/error.log warn;
events { worker_connections 4096; }
http {
	access_log @DIR@/access.log;
	client_body_temp_path @DIR@/body;
	proxy_temp_path @DIR@/proxy;
	fastcgi_temp_path @DIR@/fastcgi;
	uwsgi_temp_path @DIR@/uwsgi;
	scgi_temp_path @DIR@/scgi;
	keepalive_requests 1000;
	server {
		listen 127.0.0.1:@PORT@ ssl http2 backlog=4096;
		ssl_certificate @DIR@/good.pem;
		ssl_certificate_key @DIR@/good.key;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_session_cache shared:all:1m;
		location / { return 200 "ok\\n"; }
	}
}
"""

    def command(self):
        return [self.where(), "-p", self.folder, "-c", self.write_config(), "-g", "daemon off;"]


class H2o(Server):
    name = program = "h2o"
    protocols = ("1", "2")
    config = """
num-threads: 1
access-log: @DIR@/access.log
error-log: @DIR@/error.log
listen:
  host: 127.0.0.1
  port: @PORT@
  ssl: {certificate-file: @DIR@/good.pem, key-file: @DIR@/good.key}
hosts:
  default:
    paths:
      "/": {file.dir: @DIR@/www, file.index: [index.txt]}
"""

    def command(self):
        os.makedirs(self.path("www"), exist_ok=True)
        with open(self.path("www/index.txt"), "w", encoding="ascii") as file:
            file.write("ok\n")
        return [self.where(), "-c", self.write_config()]


class Haproxy(Server):
    name = program = "haproxy"
    protocols = ("1", "2")
    config = """
global
	maxconn 4096
	stats socket @DIR@/stats.sock mode 600 level user
defaults
	mode http
	option http-ignore-probes # else a connection that was never used counts as a request
	timeout client 60s
	timeout connect 5s
	timeout server 60s
frontend all
	bind 127.0.0.1:@PORT@ ssl crt @DIR@/both.pem alpn h2,http/1.1
	http-request return status 200 content-type text/plain string ok
"""

    def command(self):
        return [self.where(), "-db", "-f", self.write_config()]

    def count(self):
        """req_tot of the frontend, from its statistics."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("stats.sock"))
            s.sendall(b"show stat\n")
            text = b""
            while more := s.recv(65536):
                text += more
        self.stop()
        rows = [line.split(",") for line in text.decode().lstrip("# ").splitlines() if line]
        frontend = next(row for row in rows[1:] if row[:2] == ["all", "FRONTEND"])
        return int(frontend[rows[0].index("req_tot")])


class Apache(Server):
    name, program = "apache", "apache2"
    protocols = ("1", "2")
    config = """
ServerRoot @DIR@
PidFile @DIR@/apache.pid
Listen 127.0.0.1:@PORT@
ServerName localhost
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
StartServers 1
MaxKeepAliveRequests 1000
Mutex file:@DIR@ default
ErrorLog @DIR@/error.log
LogFormat "%r %>s" one
CustomLog @DIR@/access.log one
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile @DIR@/good.pem
SSLCertificateKeyFile @DIR@/good.key
SSLSessionCache shmcb:@DIR@/sessions(512000)
RewriteEngine on
RewriteRule ^ - [R=200,L]
"""

    def command(self):
        return [self.where(), "-D", "FOREGROUND", "-f", self.write_config()]


class Node(Server):
    name = program = "node"
    protocols = ("1", "2")

    def command(self):
        return [self.where(), os.path.join(HERE, "server.js"), str(self.port), self.folder]

    def count(self):
        self.stop()
        with open(self.path("server.out"), encoding="utf-8") as out:
            found = re.search(r"^requests (\d+)$", out.read(), re.MULTILINE)
        return int(found[1]) if found else None


class Nghttpd(Server):
    """It speaks HTTP/2 alone; verbose, it tells of every header section that it receives."""
    name = program = "nghttpd"
    protocols = ("2",)

    def command(self):
        os.makedirs(self.path("www"), exist_ok=True)
        with open(self.path("www/index.html"), "w", encoding="ascii") as file:
            file.write("ok\n")
        return ["stdbuf", "-oL", self.where(), "-v", "-a", "127.0.0.1", "-d", self.path("www"), str(self.port),
                self.path("good.key"), self.path("good.pem")]

    def count(self):
        self.stop()
        with open(self.path("server.out"), encoding="utf-8", errors="replace") as out:
            return len(re.findall(r":path: ", out.read()))


SERVERS = [Nginx, H2o, Haproxy, Apache, Node, Nghttpd]
