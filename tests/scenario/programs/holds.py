"""holds.py PORT KIB MS: each request holds KIB of memory for MS, and gives it back. Python's own threading HTTP server, and
its count when it is told to end."""
import http.server
import mmap
import signal
import sys
import threading
import time

PORT, KIB, MS = (int(arg) for arg in sys.argv[1:])
FILLING = b"x" * 1024
requests = 0
counting = threading.Lock()


class Holds(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        global requests
        with counting:
            requests += 1
        with mmap.mmap(-1, KIB * 1024) as held:  # no allocator keeps it for later
            for _ in range(KIB):
                held.write(FILLING)
            time.sleep(MS / 1000)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *_):
        pass


def end(*_):
    print(f"requests {requests}", flush=True)
    raise SystemExit(0)


server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Holds)
server.daemon_threads = True
signal.signal(signal.SIGTERM, end)
print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
