"""Servers that also tell Prometheus how they are, at /metrics: well, as a process that began again, not always, or without end."""
import collections
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
RECENT = collections.deque(maxlen=10000)  # when the last requests came


def expose(request, text, kind=TEXT):
    request.send(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    return False


def is_scrape(request):
    if request.path.startswith("/metrics"):
        request.peer.scrapes = getattr(request.peer, "scrapes", 0) + 1
        request.peer.age_s()
        return True
    return False


def metrics_depth(request):
    """Its queue is as deep as requests came within the last second; in OpenMetrics where that is understood."""
    if not is_scrape(request):
        RECENT.append(time.monotonic())
        time.sleep(0.05)  # long enough that a busy machine makes no answer twice as slow as another
        request.send(OK)
        return True
    now = time.monotonic()
    depth = sum(1 for came in list(RECENT) if came > now - 1)
    lines = ["# TYPE app_queue_depth gauge", "# HELP app_queue_depth requests that wait", 'app_queue_depth{queue="other"} 1000',
             f'app_queue_depth{{queue="main",said="a \\"b\\" \\\\ \\n"}} {depth}', "# TYPE app_batch_size histogram",
             f'app_batch_size_bucket{{le="8.0"}} {len(RECENT)} # {{trace_id="}} 5"}} 4.0', f'app_batch_size_bucket{{le="+Inf"}} {len(RECENT)}',
             f"app_batch_size_count {len(RECENT)}", f"app_batch_size_sum {len(RECENT) * 4.0}"]
    if b"application/openmetrics-text" not in request.head:
        return expose(request, "\n".join(line.split(" # {")[0] for line in lines) + "\n")
    return expose(request, "\n".join([*lines, "# EOF"]) + "\n", OPENMETRICS)


def metrics_begin_again(request):
    """A counter of 100 a second, whose process is another one from 1.7 s on: what it counts begins at 0."""
    if not is_scrape(request):
        request.send(OK)
        return True
    age_s = request.peer.age_s()
    count = 100 * (age_s - 1.7) if age_s > 1.7 else 1e6 + 100 * age_s
    return expose(request, f"# TYPE hits_total counter\nhits_total {count!r}\n")


def metrics_come_and_go(request):
    """From 1.2 to 2.2 s after the first scrape there is none: connections are reset, or the answer is an error, by turns."""
    if not is_scrape(request):
        request.send(OK)
        return True
    if not 1.2 < request.peer.age_s() < 2.2:
        return expose(request, "# TYPE depth gauge\ndepth 7\n")
    if request.peer.scrapes % 2:
        request.reset()
    else:
        request.send(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 8\r\n\r\ndepth 99")
    return False


def metrics_without_end(request):
    """/metrics/huge ends never, as fast as it is read; /metrics/slow neither, a line every 50 ms; /metrics/web is a web page."""
    if not is_scrape(request):
        request.send(OK)
        return True
    if request.path == "/metrics/web":
        return expose(request, "<!DOCTYPE html>\n<html><body>depth 1</body></html>\n", "text/html")
    request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    lines = b"".join(b'other{i="%d"} 1\n' % i for i in range(1000))
    while request.path == "/metrics/huge":
        request.send(lines)
    while not request.peer.held.wait(0.05):
        request.send(b"other 1\n")
    return False


BEHAVIOURS = {f.__name__: f for f in (metrics_depth, metrics_begin_again, metrics_come_and_go, metrics_without_end)}
