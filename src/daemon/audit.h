#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Who did what, from where, and what came of it: a line of JSON each, appended (O_APPEND, each by one write, so that
 * lines of several writers never mix), by mode 0600.
 *
 *     {"at":"2026-11-22T02:00:00.123Z","who":"alice","role":"admin","from":"127.0.0.1:51234","action":"run.stop",
 *      "what":"20261122T015500Z-0a1b2c","outcome":"ok","detail":"…"}
 *
 * Whatever others said in it is escaped: no control character, nothing that turns text around, no bytes that are not
 * UTF-8. From one thread at a time. */

#define AUDIT_LINE_MAX 4096 /* texts that are longer than their share of it are cut, and end with an ellipsis */

struct audit;

struct audit_entry {
	const char *who;     /* a token's name, "local", "schedule:NAME", "brunt" itself; NULL: nobody who is known */
	const char *role;    /* NULL: none */
	const char *from;    /* httpd_request_peer's; NULL: none */
	const char *action;  /* "run.submit", "run.stop", "schedule.put", "login", "refused" … */
	const char *what;    /* an id or a name; NULL: none */
	const char *outcome; /* "ok", or why not: a refusal's counter, a status … */
	const char *detail;  /* NULL: none */
	/* A refusal, which anybody can cause as often as he likes: beyond AUDIT_LIGHT_PER_S of these they are only
	 * counted, and the next that is written says how many were not ("suppressed":1234). */
	bool is_light;
};

#define AUDIT_LIGHT_PER_S 20
#define AUDIT_LIGHT_AT_ONCE 200

/* NULL with err set. A last line that a crash tore is ended first, so that the next one stands alone. */
struct audit *audit_open(const char *path, struct error *err);
/* Whoever rotates it has renamed the file (SIGHUP). False with err set: goes on with the one it has. */
bool audit_reopen(struct audit *audit, struct error *err);
void audit_close(struct audit *audit);

/* One write(2), tens of µs. False: it could not be written (the disk is full, say), and is counted as lost: what it
 * speaks of should not be done then, so that nothing is done that nobody can look up. */
bool audit_write(struct audit *audit, const struct audit_entry *entry, int64_t wall_ns);
/* Until this comes back true, what was written may be gone after a power cut. Some ms: not for the loop. */
bool audit_sync(struct audit *audit);

/* Its file, and a descriptor of one's own to sync it by (−1: there is none left). */
const char *audit_path(const struct audit *audit);
int audit_dup(const struct audit *audit);

uint64_t audit_lost(const struct audit *audit);
uint64_t audit_suppressed(const struct audit *audit);
