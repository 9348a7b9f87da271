"""What brunt import makes of others' files, judged by those others: curl sends the same command lines, nginx writes the log and
sees it replayed, PyYAML reads the profiles, jsonschema looks at bodies that were made of schemas."""
import http.server
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import jsonschema
import pytest
import yaml

BRUNT = os.environ["BRUNT"]
SEED = 20261122


def brunt(*arguments, text=None, env=None, wanted=0):
    done = subprocess.run([BRUNT, *map(str, arguments)], input=text, capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, **(env or {})})
    assert done.returncode == wanted, done.stderr + done.stdout
    return done


def run_profile(profile, folder, *more, env=None):
    """What the server said does not matter here: what it saw does."""
    brunt("run", profile, "--quiet", "--out", folder / "out", "--set", "generator.lateness_p99=60s", *more, env=env)


class Recorder:
    """Answers 200 to anything, and remembers it byte for byte."""

    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                if self.headers.get("Expect"):
                    self.send_response_only(100)
                    self.end_headers()
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append((self.command, self.path, [(name.lower(), value) for name, value in self.headers.items()], body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def recorder():
    one = Recorder()
    yield one
    one.close()


# What each command tells curl to send, beyond what curl sends by itself.
COMMANDS = r"""
curl @/
curl '@/a%20b?q=1&r=2#part' --globoff -s
curl -X PUT @/put -d one
curl @/form -d a=1 -d b=2
curl @/form -d '@FOLDER/lines.txt'
curl @/binary --data-binary '@FOLDER/lines.txt' -H 'Content-Type: text/plain; charset=utf-8'
curl @/raw --data-raw '@not a file'
curl @/enc --data-urlencode 'q=a b&c=d' --data-urlencode '=x y' --data-urlencode 'plain é' --data-urlencode 'f@FOLDER/lines.txt'
curl -G @/get -d a=b -d c=d --data-urlencode 'e=f g'
curl -G '@/get?z=1' -d a=b
curl -u 'me:pa ss:word' @/user
curl -A 'agent/1 (x; y)' -e http://from.example/ @/agent
curl -b 'a=1; b=2' @/cookies
curl -H 'X-Empty;' -H 'X-Two:  spaced  ' -H 'Accept: text/html' @/headers
curl -I @/head
curl -XDELETE -sS @/items/17
curl --json '{"a": "${not} $a slot", "b": [1, 2]}' @/json
curl @/dollars/'${seq}'/x -g --data-raw $'tab\there\nline two\x21 \'quoted\' \u00e9 \\'
curl "@/double" -d "a \"quoted\" \$dollar \\ back`:`"
curl -r 0-99 @/range -o /dev/null
curl @/one @/two -H 'X-Both: yes'
curl @/first --next -d x=y @/second
curl -T 'FOLDER/lines.txt' @/upload/
curl --url-query 'a=b c' @/query
curl -H 'Authorization: Bearer '"$TOKEN" @/variable
"""
OF_CURL = {"host", "user-agent", "accept", "content-length", "expect", "connection", "accept-encoding"}


def command_lines(recorder, folder):
    (folder / "lines.txt").write_bytes(b"first & line\nsecond\r\nthird=\xc3\xa9")
    text = COMMANDS.strip().replace("`:`", "").replace("FOLDER", str(folder))
    lines = re.sub(r"""(?<=[ '"])@/""", recorder.url + "/", text).splitlines()
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = map(int, re.search(r"curl (\d+)\.(\d+)", version).groups())
    return [line for line in lines if "--url-query" not in line or (major, minor) >= (7, 87)]


def told(request, command):
    """Method, path, body, and the headers that curl was told: those that it sends by itself only where they stand in the command."""
    method, path, headers, body = request
    kept = [(name, value) for name, value in headers if name not in OF_CURL]
    for flag, name in (("Accept:", "accept"), ("--json", "accept"), ("-A ", "user-agent")):
        if flag in command:
            kept += [(n, v) for n, v in headers if n == name]
    return method, path, sorted(kept), body


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_brunt_sends_what_curl_sends(recorder, tmp_path):
    env = {"TOKEN": "sesame"}
    lines = command_lines(recorder, tmp_path)
    theirs = []
    for line in lines:
        before = len(recorder.seen)
        subprocess.run(["bash", "-c", line.replace("curl ", "curl -sS -o /dev/null ", 1)], check=True, timeout=30,
                       env={**os.environ, **env})
        assert len(recorder.seen) > before, line
        theirs += [told(request, line) for request in recorder.seen[before:]]
    commands = [line for line in lines for _ in range(2 if "/two" in line or "--next" in line else 1)]
    assert len(theirs) == len(commands)

    profile = tmp_path / "p.yaml"
    (tmp_path / "commands.sh").write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = brunt("import", "curl", tmp_path / "commands.sh", "--as-flow", "--with-secrets", "--out", profile).stderr
    assert f"{len(commands)} requests taken over, 0 things left out, 0 changed" in said
    del recorder.seen[:]
    run_profile(profile, tmp_path, "--set", "load.steady.count=1", env=env)
    ours = [told(request, command) for request, command in zip(recorder.seen, commands)]
    for command, mine, its in zip(commands, ours, theirs):
        assert mine == its, command
    assert len(ours) == len(theirs)


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
  log_format times '$msec $request';
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{first}; access_log {folder}/first.log combined; location / {{ return 200; }} }}
  server {{ listen 127.0.0.1:{second}; access_log {folder}/second.log times; location / {{ return 200; }} }}
}}
"""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def nginx(tmp_path):
    if shutil.which("nginx") is None and not os.path.exists("/usr/sbin/nginx"):
        pytest.skip("nginx is not installed")
    first, second = free_ports(2)
    (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, first=first, second=second), encoding="utf-8")
    with subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-e", tmp_path / "error.log", "-p", tmp_path, "-c",
                           tmp_path / "nginx.conf"]) as server:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", second)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"
        server.terminate()
        server.wait(10)


def requests_of(log, skip=0):
    """As it was asked: nginx writes a quote as \\x22."""
    return [re.search(r"(?:GET|HEAD) \S+", line).group(0).replace("\\x22", '"') for line in log.read_text(encoding="utf-8").splitlines()[skip:]]


def test_a_log_of_nginx_is_replayed_request_for_request(nginx, tmp_path):
    first, second = nginx
    rng = random.Random(SEED)
    paths = ["/", "/items?id=17", "/q?a=b%20c", '/quote"d', "/caf%C3%A9", "/items?id=18"]
    for _ in range(40):
        request = urllib.request.Request(first + rng.choice(paths), method=rng.choice(["GET", "GET", "HEAD"]))
        urllib.request.urlopen(request, timeout=10).close()
        time.sleep(rng.choice([0, 0.01, 0.08]))
    log = tmp_path / "first.log"
    said = brunt("import", "access-log", log, "--url", second, "--as-trace", "--out", tmp_path / "p.yaml").stderr
    assert "0 things left out, 0 changed" in said

    names = {one["name"]: next(f"{m.upper()} {one[m]}" for m in ("get", "head") if m in one)
             for one in yaml.safe_load((tmp_path / "p.yaml").read_text(encoding="utf-8"))["requests"]}
    arrivals = [line.split() for line in (tmp_path / "p-arrivals.txt").read_text(encoding="utf-8").splitlines()[1:]]
    seconds = [re.search(r":(\d\d) \+", line).group(1) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [names[name] for _, name in arrivals] == requests_of(log)  # in the order in which nginx wrote them
    per_second = [seconds.count(s) for s in dict.fromkeys(seconds)]
    spread = [int(float(at)) for at, _ in arrivals]
    assert [spread.count(s) for s in dict.fromkeys(spread)] == per_second  # as many in each second

    run_profile(tmp_path / "p.yaml", tmp_path, "--set", "load.trace.speed=4", "--set", "output.requests_log=all")
    assert sorted(requests_of(tmp_path / "second.log")) == sorted(requests_of(log))
    due = [json.loads(line) for line in (tmp_path / "out" / "requests.ndjson").read_text(encoding="utf-8").splitlines()]
    due = sorted((one["due_ns"], one["request"]) for one in due if "due_ns" in one)
    assert len(due) == len(arrivals)
    for (at_ns, _), (at, _) in zip(due, sorted(arrivals, key=lambda one: float(one[0]))):
        assert abs((at_ns - due[0][0]) / 1e9 - float(at) / 4) < 1e-5  # a quarter of the time, exactly


def har_of(bodies):
    return json.dumps({"log": {"entries": [
        {"startedDateTime": "2026-11-22T20:32:00Z", "time": 1, "response": {"status": 200},
         "request": {"method": "POST", "url": f"http://h/{i}", "headers": [], "postData": {"mimeType": "text/plain", "text": body}}}
        for i, body in enumerate(bodies)]}})


def test_pyyaml_reads_back_every_text(tmp_path):
    rng = random.Random(SEED)
    pieces = ["a", " ", "\n", "\t", "\r", "'", '"', "\\", "#", ": ", "- ", "{", "}", "[", "]", "${", "$", "|", ">", "&", "*", "!", "%", "@", "`",
              "é", "\u0085", "\u00a0", "\u2028", "\ufeff", "\ud7ff", "\U0001f600", "\x01", "\x1b", "\x7f", "~", "null", "true", "1", "---", "..."]
    bodies = ["".join(rng.choices(pieces, k=rng.randint(0, 12))) for _ in range(900)]
    (tmp_path / "x.har").write_text(har_of(bodies), encoding="utf-8")
    text = brunt("import", "har", tmp_path / "x.har", "--most", 1000).stdout
    read = {one["post"]: one.get("body") for one in yaml.safe_load(text)["requests"]}
    for i, body in enumerate(bodies):
        assert read[f"/{i}"].replace("$${", "${") == body, repr(body)
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    brunt("check", tmp_path / "p.yaml")


SCHEMAS = [
    {"type": "string", "minLength": 9}, {"type": "string", "maxLength": 2}, {"type": "string", "format": "date-time"},
    {"type": "string", "format": "uuid"}, {"type": "string", "format": "email"}, {"enum": ["b", "a"]}, {"const": {"a": [1, None]}},
    {"type": "integer", "minimum": 3, "maximum": 4}, {"type": "integer", "maximum": -7}, {"type": "integer", "multipleOf": 7, "minimum": 8},
    {"type": "number", "exclusiveMinimum": 1.5, "maximum": 2}, {"type": "boolean"}, {"type": "null"}, {"type": ["null", "integer"]},
    {"type": "array", "minItems": 3, "items": {"type": "integer"}}, {"type": "array", "items": {"$ref": "#/components/schemas/Leaf"}},
    {"type": "object", "required": ["a", "b c"], "properties": {"a": {"type": "integer"}, "b c": {"type": "string"}, "d": {"default": 1.5}}},
    {"allOf": [{"$ref": "#/components/schemas/Leaf"}, {"type": "object", "required": ["x"], "properties": {"x": {"type": "boolean"}}}]},
    {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]}, {"anyOf": [{"$ref": "#/components/schemas/Leaf"}]},
    {"$ref": "#/components/schemas/Tree"},
]
COMPONENTS = {"schemas": {
    "Leaf": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}, "${x}": {"type": "integer"}}},
    "Tree": {"type": "object", "required": ["leaf"], "properties": {
        "leaf": {"$ref": "#/components/schemas/Leaf"}, "trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}}}


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_jsonschema_accepts_what_is_made_of_schemas(form, tmp_path):
    description = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "servers": [{"url": "http://h"}],
                   "paths": {f"/{i}": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}
                             for i, schema in enumerate(SCHEMAS)}, "components": COMPONENTS}
    text = json.dumps(description) if form == "json" else yaml.safe_dump(description)
    (tmp_path / "api").write_text(text, encoding="utf-8")
    profile = brunt("import", "openapi", tmp_path / "api", "--writes", "--out", tmp_path / "p.yaml")
    assert "0 things left out" in profile.stderr
    read = {one["post"]: one for one in yaml.safe_load((tmp_path / "p.yaml").read_text(encoding="utf-8"))["requests"]}
    checker = jsonschema.FormatChecker()
    for i, schema in enumerate(SCHEMAS):
        request = read[f"/{i}"]
        body = request["json"] if "json" in request else json.loads(
            request["body"] if "body" in request else (tmp_path / request["body_file"]).read_text(encoding="utf-8"))
        body = json.loads(json.dumps(body).replace("$${", "${"))
        jsonschema.Draft202012Validator({**schema, "components": COMPONENTS}, format_checker=checker).validate(body)
    brunt("check", tmp_path / "p.yaml")
