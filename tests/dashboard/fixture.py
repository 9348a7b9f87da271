"""A daemon that is none: it answers the page as src/daemon/openapi.yaml has it, out of memory, and lets recorded runs pass at any speed."""
import contextlib
import http.cookies
import http.server
import json
import pathlib
import re
import threading
import time
import urllib.parse

import contract

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "a-token-of-twenty-characters-and-more"
ROLES = ["view", "run", "admin"]
FIGURES_CHECKED = 100  # of a run: the others are like them


def recorded(name):
    """(kind, data) of each event."""
    with open(HERE / "data" / f"{name}.ndjson", encoding="utf-8") as lines:
        for line in lines:
            data = json.loads(line)
            yield data.pop("event"), data


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def row_of(number, name, status="pass", **more):
    ended = status is not None
    at = time.time() - 3600 * more.pop("hours_ago", 1)
    return {"id": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at)) + f"-{number:06x}", "number": number, "name": name, "state": "ended" if ended else "running",
            "position": None, "submitted_at": stamp(at - 60), "submitted_by": "schedule:nightly", "started_at": stamp(at - 60), "ended_at": stamp(at) if ended else None,
            "target": "127.0.0.1:8080", "load": "steps from 50/s by 50/s to 400/s", "planned_s": 60.0, "elapsed_s": 60.0, "status": status,
            "exit_code": {"pass": 0, "fail": 1, "inconclusive": 3, None: None}.get(status, 4), "reason": None if status in ("pass", None) else "missed 'p95 <= 80ms'",
            "figures": {"max_sustainable_rate": 240.0, "p95": 41e6, "error_rate": 0.001} if ended else {}, "failure_mode": None, **more}


class Problem(Exception):
    def __init__(self, status, detail, errors=None):
        super().__init__(detail)
        self.status = status
        self.body = {"type": "about:blank", "title": "no", "status": status, "detail": detail, **({"errors": errors} if errors else {})}


class Daemon:
    """What a test sets and looks at. Everything that does not fit the contract is kept in `wrongs`."""

    def __init__(self, page, handler=None):
        self.page = pathlib.Path(page).read_text(encoding="utf-8")
        self.policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', self.page).group(1)
        self.contract = contract.Contract()
        self.lock = threading.Lock()
        self.wrongs, self.asked, self.resumed = [], [], []
        self.role, self.sessions = "admin", set()
        self.runs, self.schedules, self.alerts, self.baselines, self.profiles, self.trends, self.steps = {}, {}, {}, {}, [], {}, {}
        self.events, self.results, self.comparison = {}, {}, None
        self.is_stopped, self.watched, self.problems, self.submission = False, None, [], None
        self.watchers, self.streams = [], 0
        self.pause_s = 0.0  # between two events of a run
        self.holds = {}     # id → how many events are told until it is let go on
        self.refuses_with = None
        handler = type("Bound", (handler or Handler,), {"daemon": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, *rows):
        for row in rows:
            self.runs[row["id"]] = row
        return rows[0]

    def change(self, kind, data):
        """Told to whoever watches /events."""
        for watcher in list(self.watchers):
            watcher.append((kind, data))

    def cut(self):
        """Every stream breaks."""
        self.streams += 1

    def newest(self):
        return sorted(self.runs.values(), key=lambda row: -row["number"])

    def put(self, row, **changed):
        row.update(changed)
        self.change("run", row)
        self.change("queue", {"running": 0, "queued": 0, "is_stopped": self.is_stopped})

    def queue(self):
        rows = self.newest()
        return {"is_stopped": self.is_stopped, "stop_reason": None, "at_once": 2, "running": [row for row in rows if row["state"] in ("running", "stopping")],
                "queued": [row for row in rows if row["state"] == "queued"]}

    # Each operation by its name: (daemon, what stands in the path and the query, body) → what is answered.

    def info_show(self, _ask, _body):
        return {"version": "0.0.0", "now": "2026-01-01T00:00:00Z", "started_at": "2026-01-01T00:00:00Z", "time_zone": "UTC", "role": self.role, "is_stopped": self.is_stopped,
                "stop_reason": "maintenance" if self.is_stopped else None, "is_monitor_only": False, "lacks": [], "formats": ["html", "csv"],
                "ceilings": {"rate_per_s": 1000, "connections": None, "duration_s": None, "workers": 4, "shards": 0}}

    def session_show(self, _ask, _body):
        return {"name": "alice", "role": self.role, "expires_at": None}

    def profiles_list(self, _ask, _body):
        return {"profiles": self.profiles}

    def profile_show(self, ask, _body):
        return f"# {ask['name']}\ntarget: {{url: http://127.0.0.1:8080}}\n"

    def check(self, _ask, body):
        self.refuse_bad(body)
        return {"name": body.get("name", "my-run"), "target": "127.0.0.1:8080", "runs": 1, "planned_s": 60, "plan": "steps from 50/s by 50/s to 400/s"}

    def refuse_bad(self, body):
        for i, line in enumerate(body.get("yaml", "").split("\n"), 1):
            if "50/z" in line:
                raise Problem(400, "the profile is not valid", [{"line": i, "column": line.index("50/z") + 1, "message": "'50/z' is not a rate; write 50/s, 3000/min or 20"}])
        if self.refuses_with:
            raise self.refuses_with

    def run_submit(self, _ask, body):
        self.refuse_bad(body)
        self.submission = body
        row = self.add(row_of(900 + len(self.runs), body.get("name", "my-run"), None, submitted_by="alice", hours_ago=0))
        self.events.setdefault(row["id"], list(recorded("breaks")))
        self.change("run", row)
        return 201, row

    def runs_list(self, ask, _body):
        kept = [row for row in self.newest() if row["state"] in ask.get("state", row["state"]).split(",") and row["name"] == ask.get("name", row["name"])
                and row["number"] < int(ask.get("before", 1 << 30)) and (not ask.get("status") or row["status"] in ask["status"].split(","))]
        limit = int(ask.get("limit", 50))
        return {"runs": kept[:limit], "next": kept[limit - 1]["number"] if len(kept) > limit else None}

    def row(self, ask):
        if ask["id"] not in self.runs:
            raise Problem(404, "there is no such run")
        return self.runs[ask["id"]]

    def run_show(self, ask, _body):
        row = self.row(ask)
        return {**row, "reasons": [row["reason"]] if row["reason"] else [], "baseline": None, "profile": row["name"], "files": [{"path": "result.json", "bytes": 1234}] if row["id"] in self.results and row["state"] == "ended" else []}

    def run_delete(self, ask, _body):
        del self.runs[self.row(ask)["id"]]
        return 204, None

    def run_stop(self, ask, _body):
        row = self.row(ask)
        if row["state"] == "ended":
            return 200, row
        self.put(row, state="ended", status="interrupted", exit_code=130)
        return 202, {**row, "state": "stopping"}

    def run_result(self, ask, _body):
        if ask["id"] not in self.results:
            raise Problem(409, "there is no result")
        return self.results[ask["id"]]

    def compare(self, _ask, _body):
        return self.comparison

    def queue_show(self, _ask, _body):
        return self.queue()

    def stop_all(self, _ask, _body):
        self.is_stopped = True
        return self.queue()

    def resume_all(self, _ask, _body):
        self.is_stopped = False
        return self.queue()

    def baselines_list(self, _ask, _body):
        return {"baselines": list(self.baselines.values())}

    def baseline_save(self, ask, body):
        self.baselines[ask["name"]] = {"name": ask["name"], "saved_at": None, "runs": 1, "profile": self.runs[body["run"]]["name"]}
        return self.baselines[ask["name"]]

    def schedules_list(self, _ask, _body):
        return {"schedules": [self.schedules[name] for name in sorted(self.schedules)]}

    def schedule_save(self, ask, body):
        if body.get("cron", "").count(" ") != 4 and "every" not in body:
            raise Problem(400, f"'{body.get('cron')}' is no cron expression; write minute hour day month weekday")
        self.schedules[ask["name"]] = {"name": ask["name"], "origin": "api", "profile": body["profile"], "cron": body.get("cron"), "every": body.get("every"), "time_zone": body.get("time_zone", "UTC"),
                                       "is_paused": False, "next_at": ["2030-01-02T02:00:00Z", "2030-01-03T02:00:00Z"], "last": None,
                                       **{key: body[key] for key in ("set", "workers", "shards") if key in body}}
        self.change("schedule", {"name": ask["name"]})
        return self.schedules[ask["name"]]

    def schedule_remove(self, ask, _body):
        del self.schedules[ask["name"]]
        self.change("schedule", {"name": ask["name"]})
        return 204, None

    def schedule_pause(self, ask, _body):
        self.schedules[ask["name"]]["is_paused"] = True
        self.change("schedule", {"name": ask["name"]})
        return self.schedules[ask["name"]]

    def schedule_run(self, ask, _body):
        return self.run_submit(ask, {"name": self.schedules[ask["name"]]["profile"]})

    def alerts_list(self, ask, _body):
        kept = [one for one in self.alerts.values() if one["state"] in ask.get("state", one["state"]).split(",") and ask.get("acknowledged", str(one["acknowledged"] is not None).lower()) == str(one["acknowledged"] is not None).lower()]
        return {"alerts": sorted(kept, key=lambda one: -one["number"]), "next": None}

    def alert_acknowledge(self, ask, body):
        alert = self.alerts[int(ask["number"])]
        alert["acknowledged"] = {"by": "alice", "at": "2026-01-01T00:00:00Z", "note": body.get("note")}
        return alert

    def history(self, _ask, _body):
        names = {}
        for row in self.newest():
            names.setdefault(row["name"], []).append(row)
        return {"names": [{"name": name, "runs": len(rows), "last": rows[0], "metrics": ["max_sustainable_rate", "p95", "error_rate"], "steps": self.steps.get(name, [])} for name, rows in names.items()]}

    def trend_show(self, ask, _body):
        return self.trends.get((ask["name"], ask["metric"])) or {"name": ask["name"], "metric": ask["metric"], "unit": "per_s", "higher_is_better": True, "by": ask.get("by", "run"), "points": [], "change_points": [], "baseline": None}

    def monitor_show(self, _ask, _body):
        return {"is_on": self.watched is not None, "watched": self.watched, "problems": self.problems, "figures": None}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    daemon = None

    def log_message(self, *_args):
        pass

    def send(self, status, media, body, headers=()):
        self.send_response(status)
        for name, value in [("Content-Type", media), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status, body, headers=()):
        self.send(status, "application/problem+json" if status >= 400 else "application/json", b"" if body is None else json.dumps(body).encode(), headers)

    def is_known(self):
        cookie = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get("brunt_session")
        return cookie is not None and cookie.value in self.daemon.sessions

    def do_GET(self):
        daemon = self.daemon
        if self.path == "/":
            self.send(200, "text/html; charset=utf-8", daemon.page.encode(), [("Content-Security-Policy", daemon.policy + "; frame-ancestors 'none'")])
        elif self.path == "/icon.svg":
            self.send(200, "image/svg+xml", (HERE.parents[1] / "src" / "daemon" / "page" / "icon.svg").read_bytes())
        else:
            self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_PUT(self):
        self.answer("PUT")

    def do_DELETE(self):
        self.answer("DELETE")

    def answer(self, method):
        daemon, body = self.daemon, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            daemon.asked.append((method, self.path))
            operation = daemon.contract.check_ask(method, self.path, self.headers.get("Content-Type"), body)
            self.act(operation, urllib.parse.urlsplit(self.path), json.loads(body or b"{}"))
        except (Problem, ConnectionError) as problem:
            if isinstance(problem, Problem):
                self.send_json(problem.status, problem.body)
        except Exception as wrong:  # whatever it is, the test is to hear of it
            daemon.wrongs.append(f"{method} {self.path} {body[:200]}: {wrong!r}"[:2000])
            with contextlib.suppress(OSError):
                self.send_json(500, {"detail": "the fixture"})

    def act(self, operation, parts, body):
        daemon, name = self.daemon, operation["operationId"]
        ask = {key: values[0] for key, values in urllib.parse.parse_qs(parts.query).items()}
        for _verb, pattern, one, _parameters in daemon.contract.routes:
            if one is operation:
                ask |= {key: urllib.parse.unquote(value) for key, value in pattern.fullmatch(parts.path).groupdict().items()}
        if name == "session_open":
            return self.log_in(operation, body)
        if operation["x-role"] != "none" or name == "session_show":
            if not self.is_known():
                raise Problem(401, "no token, or none that is known")
            if ROLES.index(daemon.role) < ROLES.index(operation["x-role"] if operation["x-role"] in ROLES else "view"):
                raise Problem(403, "the token may not")
        if name == "session_close":
            daemon.sessions.clear()
            return self.send_json(204, None)
        if name in ("events_watch", "run_watch", "monitor_watch"):
            return self.stream(name, ask)
        with daemon.lock:
            answer = getattr(daemon, name)(ask, body)
        status, answer = answer if isinstance(answer, tuple) else (200, answer)
        if isinstance(answer, str):
            return self.send(status, "text/plain", answer.encode())
        if answer is not None:
            daemon.contract.check_answer(operation, status, answer)
        return self.send_json(status, answer)

    def log_in(self, operation, body):
        if body["token"] != TOKEN:
            raise Problem(401, "no such token")
        name = f"session-{len(self.daemon.asked)}"
        self.daemon.sessions.add(name)
        answer = self.daemon.session_show({}, {})
        self.daemon.contract.check_answer(operation, 200, answer)
        return self.send_json(200, answer, [("Set-Cookie", f"brunt_session={name}; HttpOnly; SameSite=Strict; Path=/")])

    def stream(self, name, ask):
        daemon = self.daemon
        row = daemon.row(ask) if "id" in ask else None
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        last = self.headers.get("Last-Event-ID")
        daemon.resumed.append((self.path, last))
        with contextlib.suppress(OSError):
            if name == "events_watch":
                self.tell_changes(daemon)
            elif name == "monitor_watch":
                self.tell_run(daemon, "monitor", None, int(last or 0))
            else:
                self.tell_run(daemon, ask["id"], row, int(last or 0))

    def say(self, kind, data, number=None):
        if kind == "figures" and (number or 0) <= FIGURES_CHECKED:
            self.daemon.contract.check_figures(data)
        text = f"event: {kind}\n" + (f"id: {number}\n" if number else "") + f"data: {json.dumps(data)}\n\n"
        self.wfile.write(text.encode())
        self.wfile.flush()

    def tell_changes(self, daemon):
        mine, era = [], daemon.streams
        daemon.watchers.append(mine)
        try:
            self.wfile.write(b": here\n\n")
            while era == daemon.streams:
                while mine:
                    self.say(*mine.pop(0))
                time.sleep(0.02)
                self.wfile.write(b":\n\n")
        finally:
            daemon.watchers.remove(mine)

    def tell_run(self, daemon, run, row, last):
        era = daemon.streams
        for number, (kind, data) in enumerate(daemon.events.get(run, []), 1):
            while number > daemon.holds.get(run, number) and era == daemon.streams:
                time.sleep(0.01)
                self.wfile.write(b":\n\n")
            if era != daemon.streams:
                return
            if number > last:
                time.sleep(daemon.pause_s)
                self.say(kind, data, number)
        if row is not None and run in daemon.results and row["state"] != "ended":
            daemon.put(row, state="ended", status="fail", exit_code=1, reason="breaks at 250/s")
        self.say("state", {"state": "ended", "position": None})
        while row is None and era == daemon.streams:
            time.sleep(0.05)
            self.wfile.write(b":\n\n")
