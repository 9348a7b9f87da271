#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "unit/plan/fakes.h"

/* What people write wrong, and the whole sentence that they read. */
static const struct mistake {
	const char *name, *profile, *sentence;
} mistakes[] = {
	/* clang-format off */
	{"an empty file", "", "x.yaml:1:1: it is empty; a profile says at least 'target:' and 'load:'"},
	{"only comments", "# nothing\n", "x.yaml:1:1: it is empty; a profile says at least 'target:' and 'load:'"},
	{"an explicit nothing", "---\n...\n", "x.yaml:2:1: it is empty; a profile says at least 'target:' and 'load:'"},
	{"a list at the top", "- a\n- b\n", "x.yaml:1:1: a profile is a map of keys, such as 'target: http://127.0.0.1:8080'"},
	{"a scalar at the top", "hello\n", "x.yaml:1:1: a profile is a map of keys, such as 'target: http://127.0.0.1:8080'"},
	{"two documents", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n---\ntarget: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:3:1: a second document begins here; a profile is one document"},
	{"a tab indents", "target:\n\turl: http://h\n", "x.yaml:2:1: a tab indents this line; YAML wants spaces"},
	{"a tab after spaces", "target:\n  url: http://h\n \ttimeout: 1s\n", "x.yaml:3:2: a tab indents this line; YAML wants spaces"},
	{"not YAML", "target: {url: http://h\nload: x\n", "x.yaml:2:5: this is not YAML: did not find expected ',' or '}'"},
	{"a slot in a flow map", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /${seq}}]\n", "x.yaml:3:29: this is not YAML: did not find expected ',' or '}'; inside { } and [ ] put text with ${...} in quotes"},
	{"a byte that is not UTF-8", "target:\n  url: caf\351\n", "x.yaml:2:11: the byte 0xe9 is not UTF-8 text; save it as UTF-8"},
	{"UTF-16", "\377\376t\000", "x.yaml:1:1: the byte 0xff is not UTF-8 text; save it as UTF-8"},
	{"good_when of no answer", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\ngood_when: {cpu: 1s}\n", "x.yaml:3:18: good_when: 'cpu' is not a time that each answer has; valid here: response, service"},
	{"good_when without a time", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\ngood_when: {response: fast}\n", "x.yaml:3:23: good_when: 'fast' is not a time above 0; write a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"good_when as a list", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\ngood_when: [response]\n", "x.yaml:3:12: good_when: write a map such as {ttft: 550ms, tpot: 50ms}"},
	{"a duplicate key", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nseed: 1\nload: {}\n", "x.yaml:4:1: the key 'load' is here twice; the first is in line 2"},
	{"a duplicate key in a flow map", "target: {url: http://h, timeout: 1s, url: http://i}\n", "x.yaml:1:38: the key 'url' is here twice; the first is in line 1"},
	{"a merge key", "x: &x {a: b}\ntarget:\n  <<: *x\n", "x.yaml:3:3: merge keys ('<<') are not supported; 'extends: FILE' merges profiles"},
	{"a tag", "target: !!int 5\n", "x.yaml:1:9: the tag '!!int' would change the value's type; write the value without it"},
	{"a foreign tag", "target: !secret x\n", "x.yaml:1:9: the tag '!secret' would change the value's type; write the value without it"},
	{"an alias without its anchor", "target: *x\n", "x.yaml:1:9: no anchor '&x' comes before the alias '*x'"},
	{"a node that holds itself", "target: &t {url: *t}\n", "x.yaml:1:18: no anchor '&t' comes before the alias '*t'"},
	{"nesting", "name: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n", "x.yaml:1:38: nested deeper than 32 levels"},
	{"a key that is a list", "? [a]\n: b\n", "x.yaml:1:3: a key must be text"},
	{"an alias bomb", "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n", "x.yaml:5:36: more than 100000 keys and values, aliases expanded; write fewer"},
	{"a slip in a key", "target: {url: http://h, tiemout: 1s}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:25: unknown key 'tiemout'; did you mean 'timeout'? Valid here: url, urls, connect_to, proxy, source_addresses, prefetch, dns_refresh, version, timeout, connect_timeout, connections, streams, requests_per_connection, connection_age, pick, http, null_service, max_header_bytes, watch, energy, redirects, compression, max_decoded_bytes, auth, websocket, tls, command, ready, stop"},
	{"an unknown key", "target: {url: http://h, watch: {flavour: red}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:33: unknown key 'flavour'; valid here: port, pid, pid_file, process, cgroup, unit, container, gpu, every"},
	{"no target", "load: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:1: 'target' is missing: the server under test; a URL or a map"},
	{"no load", "target: http://h\n", "x.yaml:1:1: 'load' is missing: write one such as 'load: {steady: {rate: 50/s, for: 30s}}'"},
	{"no shape", "target: http://h\nload: {warmup: 1s}\n", "x.yaml:2:7: load: there is no shape; valid here: steady, ramp, steps, stages, concurrency, trace"},
	{"a slip in a shape", "target: http://h\nload: {stedy: {rate: 5/s, for: 1s}}\n", "x.yaml:2:8: unknown key 'stedy'; did you mean 'steady'? Valid here: steady, ramp, steps, stages, concurrency, trace, spacing, warmup, in_flight"},
	{"two shapes", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, ramp: {to: 5/s, over: 1s}}\n", "x.yaml:2:44: load: 'steady' and 'ramp' are both here; a load has one shape, 'stages' is a chain of them"},
	{"a shape that is no map", "target: http://h\nload: {steady: 5/s}\n", "x.yaml:2:16: steady: '5/s' is not a map of its keys; write steady: {rate: 1000/s, for: 30s}"},
	{"a missing key of a shape", "target: http://h\nload:\n  steps: {from: 5/s, by: 5/s, to: 50/s}\n", "x.yaml:3:10: steps: 'every' is missing: how long a level lasts"},
	{"a wrong unit of a rate", "target: http://h\nload: {steady: {rate: 50/z, for: 1s}}\n", "x.yaml:2:23: rate: '50/z' is not a rate such as 50/s or 3000/min, or a number of users such as '10 users'"},
	{"a negative rate", "target: http://h\nload: {steady: {rate: -5/s, for: 1s}}\n", "x.yaml:2:23: rate: '-5/s' is negative; write a rate such as 50/s or 3000/min, or a number of users such as '10 users'"},
	{"a rate of 0", "target: http://h\nload: {steady: {rate: 0/s, for: 1s}}\n", "x.yaml:2:23: load.steady.rate: 0/s sends nothing; write a level above 0, such as 50/s or '10 users'"},
	{"steps from 0", "target: http://h\nload:\n  steps: {from: 0/s, by: 5/s, every: 1s, to: 50/s}\n", "x.yaml:3:17: load.steps.from: 0/s sends nothing; write a level above 0, such as 50/s or '10 users'"},
	{"what only the shape knows", "target: http://h\nload: {steady: {rate: 5/s}}\n", "x.yaml:2:16: write either 'for' or 'count'"},
	{"a time without its unit", "target: {url: http://h, timeout: 30}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: '30' is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"a time of another unit", "target: {url: http://h, timeout: 5%}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: '5%' is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"a map for a time", "target: {url: http://h, timeout: {a: b}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: a map is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"no value", "target: {url: http://h, timeout: }\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: there is no value; write a time with its unit, such as 500ms, 30s, 2m or 1h, or leave the key out"},
	{"a timeout of 0", "target: {url: http://h, timeout: 0}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: '0' is too little; the least is 1ms"},
	{"a timeout of a day", "target: {url: http://h, timeout: 1d}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:34: timeout: '1d' is too much; the most is 1h"},
	{"connect_timeout over timeout", "target: {url: http://h, timeout: 1s, connect_timeout: 2s}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:55: connect_timeout: '2s' is longer than the timeout of the whole exchange"},
	{"too many connections", "target: {url: http://h, connections: 2M}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:38: connections: '2M' is too much; the most is 1000000"},
	{"half a connection", "target: {url: http://h, connections: 1.5}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:38: connections: '1.5' is not a whole number such as 1000 or 10k"},
	{"no such pick", "target: {url: http://h, pick: fifo}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:31: pick: 'fifo' is not one of lifo, round_robin"},
	{"no such protocol", "target: {url: http://h, http: 3}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:31: http: there is no '3' in this version; valid here: 1"},
	{"a port out of range", "target: {url: http://h, watch: {port: 70000}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:39: port: '70000' is too much; the most is 65535"},
	{"watching two", "target: {url: http://h, watch: {port: 80, pid: 1}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:32: watch: one of port, pid, pid_file, process, cgroup, unit and container finds the target, not several"},
	{"watching a unit and a container", "target: {url: http://h, watch: {unit: a, container: abcd}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:32: watch: one of port, pid, pid_file, process, cgroup, unit and container finds the target, not several"},
	{"watching a container by its name", "target: {url: http://h, watch: {container: web}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:44: container: 'web' is not how an id begins, of four hexadecimal digits or more such as 4f2d1c0a (docker ps shows ids)"},
	{"watching a unit by its path", "target: {url: http://h, watch: {unit: system.slice/web}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:39: unit: 'system.slice/web' is a path; write the unit's name such as web.service, or 'cgroup: system.slice/web'"},
	{"watching the root cgroup", "target: {url: http://h, watch: {cgroup: /sys/fs/cgroup/}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:41: cgroup: everything on this machine is in '/sys/fs/cgroup/'; write one that holds the target alone"},
	{"watching nobody", "target: {url: http://h, watch: {every: 1s}}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:32: watch: say whom, such as {port: 8080}; or pid, pid_file, process, cgroup, unit, container"},
	{"ready without command", "target: {url: http://h, ready: 5s}\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:32: ready: there is no 'command' that this belongs to"},
	{"mixed units", "target: http://h\nload:\n  steps: {from: 10 users, by: 20/s, every: 1s, to: 100}\n", "x.yaml:3:31: by: '20/s' is a rate, but '10 users' counts users; one load counts one thing"},
	{"a rate of users", "target: http://h\nload: {concurrency: {users: 5/s, for: 1s}}\n", "x.yaml:2:29: users: '5/s' is not a number of users such as '10 users'"},
	{"spacing of users", "target: http://h\nload: {concurrency: {users: 5, for: 1s}, spacing: poisson}\n", "x.yaml:2:51: spacing: this load counts users, who send when they are free; leave it out, or write a rate"},
	{"two warm-ups", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, warmup: {for: 1s, requests: 5}}\n", "x.yaml:2:46: warmup: write 'for' or 'requests', not both"},
	{"no such way out", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, in_flight: {max: 5, when_full: wait}}\n", "x.yaml:2:69: when_full: 'wait' is not one of queue, drop"},
	{"nothing in flight", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}, in_flight: 0}\n", "x.yaml:2:49: max: '0' is too little; the least is 1"},
	{"stages that are no list", "target: http://h\nload: {stages: {chain: 5}}\n", "x.yaml:2:17: unknown key 'chain'; valid here: stages"},
	{"a stage of no shape", "target: http://h\nload: {stages: [{for: 5s}]}\n", "x.yaml:2:17: 'for' does not say which shape this is; valid here: rate, steady, to, ramp, steps, stages, concurrency, trace"},
	{"a stage that is text", "target: http://h\nload: {stages: [5s]}\n", "x.yaml:2:17: each item is a map such as {rate: 50/s, for: 10s}"},
	{"a missing trace", "target: http://h\nload: {trace: {file: no-such-file.txt}}\n", "x.yaml:2:22: cannot read 'no-such-file.txt': No such file or directory"},
	{"requests that are no list", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: {get: /}\n", "x.yaml:3:11: requests: write a list such as [{name: root, get: /}]"},
	{"a request that is text", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [/]\n", "x.yaml:3:12: each request is a map such as {name: root, get: /}"},
	{"a request without a name", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{get: /}]\n", "x.yaml:3:12: 'name' is missing: what results and SLOs call it; unique in the profile"},
	{"a bad name", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: \"a b\", get: /}]\n", "x.yaml:3:19: name: 'a b' is not a name; write 1 to 64 letters, digits, '.', '_' or '-', not beginning with a dot"},
	{"a name that begins with a dot", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nname: .hidden\n", "x.yaml:3:7: name: '.hidden' is not a name; write 1 to 64 letters, digits, '.', '_' or '-', not beginning with a dot"},
	{"two requests of one name", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests:\n  - {name: a, get: /}\n  - {name: a, get: /b}\n", "x.yaml:5:12: name: there is a request 'a' already; names are unique in a profile"},
	{"no method", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a}]\n", "x.yaml:3:12: there is no method; write 'get: /path', or post, put, delete, patch, head or options"},
	{"two methods", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, post: /}]\n", "x.yaml:3:36: a request has one method; 'post' is not the only one here"},
	{"a method without a path", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, method: PROPFIND}]\n", "x.yaml:3:12: there is no path; write 'path: /where' beside 'method'"},
	{"a path that is a URL", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: \"http://h/\"}]\n", "x.yaml:3:27: get: 'http://h/' is not a path; write one that begins with '/', the host is target.url"},
	{"a space in a path", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /a b}]\n", "x.yaml:3:27: get: a path holds no spaces, control or non-ASCII characters; write them as %20"},
	{"a weight of 0", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, weight: 0}]\n", "x.yaml:3:38: weight: '0' is too little; the least is 0.001"},
	{"a negative weight", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, weight: -1}]\n", "x.yaml:3:38: weight: '-1' is negative; write a number such as 2 or 0.5"},
	{"two bodies", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, post: /, body: x, json: {}}]\n", "x.yaml:3:12: a request has one body: 'body', 'json' or 'body_file'"},
	{"a missing body_file", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, post: /, body_file: no-such-file.json}]\n", "x.yaml:3:42: cannot read 'no-such-file.json': No such file or directory"},
	{"a directory as body_file", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, post: /, body_file: /tmp}]\n", "x.yaml:3:42: '/tmp' is not a file"},
	{"a header's name", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, headers: {\"A B\": c}}]\n", "x.yaml:3:47: headers: 'A B' is not a header's name"},
	{"a header's line end", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, headers: {A: \"b\\r\\nC: d\"}}]\n", "x.yaml:3:43: headers: the value of 'A' holds a line end or control character"},
	{"a header that is ours", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, headers: {Content-Length: 5}}]\n", "x.yaml:3:56: headers: 'Content-Length' follows from the body; leave it out"},
	{"a status", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, expect: {status: 2xy}}]\n", "x.yaml:3:47: status: '2xy' is not a status such as 200 or 2xx, or a list of them"},
	{"no status", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, expect: {status: []}}]\n", "x.yaml:3:47: status: the list is empty; then nothing would be a success"},
	{"a reader", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, read: jsno}]\n", "x.yaml:3:36: read: there is no 'jsno' in this version; did you mean 'json'? Valid here: discard, text, json"},
	{"a limit", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nbreak_when: {error_rate: 150%}\n", "x.yaml:3:26: error_rate: '150%' must be more than 0 and at most 100%; off switches it off"},
	{"a limit of no unit", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nbreak_when: {cpu: high}\n", "x.yaml:3:19: cpu: 'high' is not a share such as 10% or 0.1, nor off"},
	{"crash is yes or no", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nbreak_when: {crash: 5%}\n", "x.yaml:3:21: crash: '5%' is not true or false"},
	{"stop", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nstop: sometime\n", "x.yaml:3:7: stop: 'sometime' is not first_broken, max or 'after N', such as 'after 2'"},
	{"a share over 100%", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nsafe_share: 120%\n", "x.yaml:3:13: safe_share: '120%' is too much; the most is 100%"},
	{"seed", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nseed: 1.5\n", "x.yaml:3:7: seed: '1.5' is not a whole number such as 1000 or 10k"},
	{"pacing", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\npacing: exact\n", "x.yaml:3:9: pacing: 'exact' is not one of auto, precise, relaxed"},
	{"slo is a map", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nslo: {p95: 5ms}\n", "x.yaml:3:6: slo: write a list of expressions such as [\"p95 <= 550ms\"]"},
	{"an slo of no metric", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nslo: [\"p95 < 5ms\", \"eror_rate < 1%\"]\n", "x.yaml:3:20: 'eror_rate' is no metric; did you mean 'error_rate'?"},
	{"an abort_when of one request", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: buy, get: /}]\nabort_when: [\"p95 > 1s\", \"buy.error_rate > 5%\"]\n", "x.yaml:4:26: abort_when looks at all requests of an interval together; leave out 'buy.'"},
	{"an abort_when of a target that nobody watches", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nabort_when: [\"p95 > 1s\", \"cpu.last > 95%\"]\n", "x.yaml:3:26: abort_when: cpu is the target's, and nobody watches it; add target.watch, such as {port: 8080}, or target.command"},
	{"an abort_when of the whole run", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nabort_when: max_sustainable_rate < 50/s\n", "x.yaml:3:13: max_sustainable_rate is known only when the run is over; put it under 'slo'"},
	{"an slo of another unit", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nslo: [\"p95 < 5%\"]\n", "x.yaml:3:7: p95: '5%' is not a time with its unit, such as 500ms, 30s, 2m or 1h"},
	{"scenarios and load", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nscenarios: {a: {load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: a, get: /}]}}\n", "x.yaml:2:7: with 'scenarios', load, requests and flow stand inside them, not at the top level"},
	{"a scenario without requests", "target: http://h\nscenarios: {a: {load: {steady: {rate: 5/s, for: 1s}}}}\n", "x.yaml:2:16: a: 'requests' is missing: its requests, or a flow, as at the top level"},
	{"one request name in two scenarios", "target: http://h\nscenarios:\n  a: {load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: a, get: /}]}\n  b: {load: {steady: {rate: 5/s, for: 1s}}, requests: [{name: a, get: /}]}\n", "x.yaml:4:63: name: there is a request 'a' already; names are unique in a profile"},
	{"a variable that is not set", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nname: ${env:BRUNT_NO_SUCH}\n", "x.yaml:3:7: the environment variable 'BRUNT_NO_SUCH' is not set; set it, or write the value here"},
	{"a reference that is not closed", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nname: ${env:BRUNT\n", "x.yaml:3:7: '${env:BRUNT' is not closed; write ${env:NAME} or ${file:PATH}"},
	{"a missing secret file", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nname: ${file:no-such-file}\n", "x.yaml:3:7: cannot read 'no-such-file': No such file or directory"},
	{"extends a missing file", "extends: no-such-file.yaml\ntarget: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n", "x.yaml:1:10: cannot read 'no-such-file.yaml': No such file or directory"},
	{"a reader that ignores what is expected", "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\nrequests: [{name: a, get: /, read: discard, expect: {body: x}}]\n", "x.yaml:3:36: read: 'discard' does not search the body for expect.body; 'text' does, and so does every API of llm"},
	{"levels that are all 0", "target: http://h\nload: {ramp: {from: 0, to: 0/s, over: 1s}}\n", "x.yaml:2:28: load.ramp.to: 0/s sends nothing; write a level above 0, such as 50/s or '10 users'"},
	/* clang-format on */
};

static const char *
sentence_of(const char *text, size_t length, char *into, size_t size)
{
	struct error err = {0};
	struct plan *plan = plan_load_text(text, length, "x.yaml", NULL, 0, &fake_tables, &err);

	plan_free(plan);
	return plan != NULL ? "accepted" : error_text(&err, into, size);
}

static void
test_every_mistake_gets_its_sentence(void **state)
{
	(void)state;
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		char text[2048];
		const char *got = sentence_of(mistakes[i].profile, strlen(mistakes[i].profile), text, sizeof(text));

		if (strcmp(got, mistakes[i].sentence) != 0) {
			print_error("%s:\n  said   %s\n  wanted %s\n", mistakes[i].name, got, mistakes[i].sentence);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* A profile of `size` bytes that is good but for its size. */
static char *
padded_profile(size_t size)
{
	static const char profile[] = "target: http://h\nload: {steady: {rate: 5/s, for: 1s}}\n#";
	char *text = must_alloc(size + 1);

	memset(text, '#', size);
	memcpy(text, profile, sizeof(profile) - 1);
	return text;
}

static void
test_a_profile_may_have_1_mib_and_no_byte_more(void **state)
{
	(void)state;
	char said[2048], *text = padded_profile(PLAN_FILE_CEILING + 1);

	assert_string_equal(sentence_of(text, PLAN_FILE_CEILING, said, sizeof(said)), "accepted");
	assert_string_equal(sentence_of(text, PLAN_FILE_CEILING + 1, said, sizeof(said)),
		"x.yaml: the profile is larger than 1048576 bytes");
	free(text);
}

static void
test_a_nul_is_refused_where_it_stands(void **state)
{
	(void)state;
	static const char raw[] = "name: a\nseed: 1\0\n", escaped[] = "name: \"a\\0b\"\n";
	char said[2048];

	assert_string_equal(sentence_of(raw, sizeof(raw) - 1, said, sizeof(said)),
		"x.yaml:2:8: the byte 0x00 is not UTF-8 text; save it as UTF-8");
	assert_string_equal(sentence_of(escaped, sizeof(escaped) - 1, said, sizeof(said)),
		"x.yaml:1:7: a NUL in a value; bytes that are no text go into a body_file");
}

/* `n` levels of lists below the key. */
static void
nested(char *into, size_t size, int n)
{
	size_t used = (size_t)snprintf(into, size, "name: ");

	for (int i = 0; i < 2 * n; i++)
		into[used++] = i < n ? '[' : ']';
	into[used] = '\0';
}

static void
test_32_levels_of_nesting_pass_and_33_do_not(void **state)
{
	(void)state;
	char said[2048], text[256];

	nested(text, sizeof(text), 31); /* and the map around them */
	assert_string_equal(
		sentence_of(text, strlen(text), said, sizeof(said)), "x.yaml:1:7: name: a list is not text");
	nested(text, sizeof(text), 32);
	assert_string_equal(
		sentence_of(text, strlen(text), said, sizeof(said)), "x.yaml:1:38: nested deeper than 32 levels");
}

static void
test_aliases_do_not_nest_deeper_than_what_is_written(void **state)
{
	(void)state;
	char said[2048], text[256];

	for (int lists = 8; lists <= 9; lists++) { /* 1 + 8 + 11 + 12 = 32 */
		snprintf(text, sizeof(text),
			"a: &a [[[[[[[[[[[[x]]]]]]]]]]]]\nb: &b [[[[[[[[[[[*a]]]]]]]]]]]\nc: %.*s*b%.*s\n", lists,
			"[[[[[[[[[", lists, "]]]]]]]]]");
		const char *sentence = sentence_of(text, strlen(text), said, sizeof(said));

		if (lists == 8)
			assert_non_null(strstr(sentence, "unknown key 'a'"));
		else
			assert_string_equal(sentence, "x.yaml:3:13: nested deeper than 32 levels, aliases expanded");
	}
}

static void
test_long_texts_cannot_be_multiplied_by_aliases(void **state)
{
	(void)state;
	struct buf text;
	char said[2048];

	buf_init(&text, PLAN_FILE_CEILING);
	buf_add_text(&text, "name: &a ");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, 'x');
	buf_add_text(&text, "\nslo: [");
	for (int i = 0; i < 100; i++)
		buf_add_text(&text, "*a, ");
	buf_add_text(&text, "]\n");
	assert_string_equal(sentence_of(text.bytes, text.length, said, sizeof(said)),
		"x.yaml:1:1: the profile is larger than 4194304 bytes once its aliases are expanded");
	buf_fini(&text);
}

static void
test_every_prefix_of_a_profile_is_a_plan_or_a_sentence(void **state)
{
	(void)state;
	static const char text[] =
		"target: &t {url: 'http://h', timeout: 5s}\nload:\n  stages:\n  - {rate: 5/s, for: 1s}\n"
		"requests: [{name: \"\\u00e9\", post: /, json: {a: [1, ~]}}]\n";
	char said[2048];

	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		char *exact =
			must_alloc(length ? length : 1); /* without a NUL behind it, so that ASan sees a read too far */

		memcpy(exact, text, length);
		assert_true(strlen(sentence_of(exact, length, said, sizeof(said))) > 0);
		free(exact);
	}
}

static void
test_a_missing_profile_is_named(void **state)
{
	(void)state;
	struct error err = {0};

	assert_null(plan_load_file("no-such-profile.yaml", NULL, 0, &fake_tables, &err));
	assert_string_equal(err.where, "no-such-profile.yaml");
	assert_string_equal(err.message, "cannot read 'no-such-profile.yaml': No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mistake_gets_its_sentence),
		cmocka_unit_test(test_a_profile_may_have_1_mib_and_no_byte_more),
		cmocka_unit_test(test_a_nul_is_refused_where_it_stands),
		cmocka_unit_test(test_32_levels_of_nesting_pass_and_33_do_not),
		cmocka_unit_test(test_aliases_do_not_nest_deeper_than_what_is_written),
		cmocka_unit_test(test_long_texts_cannot_be_multiplied_by_aliases),
		cmocka_unit_test(test_every_prefix_of_a_profile_is_a_plan_or_a_sentence),
		cmocka_unit_test(test_a_missing_profile_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
