#pragma once

#include "daemon/agenda.h"
#include "daemon/api.h"
#include "daemon/overview.h"
#include "daemon/shelf.h"

/* The handlers of routes.def. */
#define ROUTE(method, path, name, role, body) void api_##name(struct api_call *call);
#include "daemon/routes.def"
#undef ROUTE

/* The route of a target as it was sent ("/api/v1/runs/a?x=1"), with the call's id and rest as its path has them; NULL:
 * there is none, and `allow` has the methods that there are at this path, "" where there is nothing. */
#define API_ALLOW_MAX 64
const struct api_route *api_find_route(
	struct api_call *call, const char *method, const char *target, char allow[API_ALLOW_MAX]);

/* For jobs_submit: answers the call, its context, with the run or the problem. */
void api_on_submitted(void *context, enum jobs_answer answer, const struct ledger_run *run, size_t position,
	const struct submission *submission, const struct error *err);
void api_refuse(struct api_call *call, enum refusal refusal);
/* Hands the request over to a stream, from behind its Last-Event-ID on; full: what is said where as many watch as may.
 */
void api_watch(struct api_call *call, struct relay *relay, const char *full);

/* Why everything is stopped; NULL: nobody said. */
void api_set_stop_reason(struct api_call *call, const char *reason);
const char *api_stop_reason(const struct api_call *call);

/* A report has no origin of its own: whatever runs in it can ask nothing with its reader's cookie. */
#define API_SANDBOX "Content-Security-Policy: sandbox allow-scripts\r\n"

/* Answers with an open file, which is taken over; name: by whose ending it has a type, and that it is saved under. */
void api_answer_file(struct api_call *call, int fd, const char *name, bool is_download);
bool api_is_download(const struct api_call *call); /* ?download */

/* The desk's: both belong to the API. */
struct shelf *api_shelf(const struct api_call *call);
struct overview *api_overview(const struct api_call *call);

/* Percent-decoded (RFC 3986 §2.1) into `into`; false: it is too long, or holds what no name does. */
bool api_decode(const char *from, size_t length, char *into, size_t size);

/* With what api_fail, or whoever else set its err, said: 500 where no status did. */
void api_answer_failure(struct api_call *call);

/* On the desk. Whether there is a run of the id; false with the call's problem set. */
bool api_must_have_run(struct api_call *call, struct ledger *ledger, const char *id);
/* What one of our commands said when it did not do it; answers the call: 409, or 503 where it was not let to its end.
 */
void api_answer_errand(struct api_call *call, const struct errand_end *end);
#define API_BUSY "as many reports and comparisons are being made as may; ask again in a while"
/* Asks for a change that was made to be told to whoever watches all: "schedule" {name}. */
void api_tell_change(const struct api_call *call, const char *kind, const char *name);
/* One of them, as components/schemas/schedule has it; last: its last run, as JSON, or "null"; NULL: not said. */
void api_add_schedule(struct buf *into, const struct schedule *schedule, size_t i, const char *last);
/* True: the answer is held until what the audit log says of the call is on disk, and is given then. Copies everything.
 */
bool api_hold(
	struct api_call *call, int status, const char *type, const char *headers, const void *body, size_t length);
