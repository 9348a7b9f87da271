#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "daemon/assets.h"
#include "daemon/audit.h"
#include "daemon/desk.h"
#include "daemon/guard.h"
#include "daemon/halt.h"
#include "daemon/holder.h"
#include "daemon/jobs.h"

/* The HTTP API: who asks what (routes.def), and how it is answered. One call per request; its handler answers exactly
 * once, at once or later, or hands the request over to who streams. */

enum api_body { API_BODY_NONE, API_BODY_JSON, API_BODY_PROFILE };

struct api_call;

struct api_route {
	const char *method, *path, *name;
	bool is_open; /* nobody needs to be known */
	enum role role;
	enum api_body body;
	void (*handle)(struct api_call *call);
};
extern const struct api_route api_routes[]; /* ended by a null method */

#define API_PARAMETER_MAX 128
#define API_REST_MAX 1024
#define API_TEXT_MAX ((size_t)8 * 1024 * 1024) /* of an answer that is put together in memory */

struct api;

/* What came in by one listener: the server's user. */
struct api_door {
	struct api *api;
	const struct httpd *server;
	struct guard guard;
};

struct api_call {
	struct holder holder;
	struct api *api;
	struct httpd_request *request; /* NULL: whoever asked has gone */
	const struct api_route *route;
	char id[API_PARAMETER_MAX]; /* {id}, {name} of the path, decoded; else "" */
	char rest[API_REST_MAX];    /* {path}, or a second name behind the first */
	const char *query;          /* what stands behind the "?", the request's own; "" */
	struct api_door *door;
	struct guard_who who;
	/* Of calls that the desk answers. */
	struct desk_order order;
	void (*work)(struct api_call *call, struct ledger *ledger);
	bool is_noted;   /* it stands in the audit log: its answer waits until that is on disk */
	struct buf text; /* the answer, where err is not set */
	int status;      /* of it, or of the problem */
	struct error err;
	uint64_t number; /* the handler's own … */
	size_t position; /* … things */
	struct ledger_filter filter;
	char filter_texts[3][API_PARAMETER_MAX];
};

struct api_config {
	uv_loop_t *loop;
	const struct config *config;
	struct jobs *jobs;
	struct desk *desk;
	int64_t started_ns;    /* wall */
	const bool *is_ending; /* the daemon's */
	const struct assets *assets;
	struct sessions *sessions;
	struct audit *audit;
	struct audit_syncs *audit_syncs;
	struct halt *halt; /* the desk's */
	struct agenda *agenda;
	struct alarm *alarm;
	const struct monitor *monitor;
	bool is_monitor_only;
};

struct api *api_new(const struct api_config *config);
void api_free(struct api *api);
const struct api_config *api_config_of(const struct api_call *call);

/* The server's handler, with a door as its user; and its own refusals as problems. */
extern const struct httpd_handler api_handler;
#define API_PROBLEM_TYPE "application/problem+json"
void api_refusal(int status, struct buf *body);

struct api_counts {
	uint64_t requests, problems;
};
struct api_counts api_counts(const struct api *api);

/* Each answers and ends the call. headers: NULL, or whole lines with CRLF. */
void api_answer(
	struct api_call *call, int status, const char *type, const char *headers, const void *body, size_t length);
void api_answer_json(struct api_call *call, int status, const struct buf *text);
void api_answer_nothing(struct api_call *call); /* 204 */
/* RFC 9457; where err says "…:LINE:COLUMN", errors[] does. */
void api_answer_problem(struct api_call *call, int status, const struct error *err);
void api_answer_sentence(struct api_call *call, int status, const char *sentence);
/* Into the audit log, before it is done. False: it could not be written; the call is answered, and nothing is done. */
bool api_note(struct api_call *call, const char *action, const char *what);
/* The request is somebody else's from now on: its user is set, or it was answered. */
void api_hand_over(struct api_call *call);

/* Has the desk do it; the call is answered with its text (JSON) afterwards, or with its problem. */
void api_give_to_desk(struct api_call *call, void (*work)(struct api_call *call, struct ledger *ledger));
/* The same for who has something of his own to do then: answers with what the desk has left in the call. */
void api_answer_from_desk(struct api_call *call);
/* From the desk: what is wrong; returns false. */
bool api_fail(struct api_call *call, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The value of a name in the query, decoded, into `into`; false: it is not there, or too long. "" of one without "=".
 */
bool api_query(const struct api_call *call, const char *name, char *into, size_t size);
/* The same, where it may be left out: `into` stays as it is then. False with the call's problem set, and not answered.
 */
bool api_query_text(struct api_call *call, const char *name, char *into, size_t size);
/* A number in it; false, and the call is answered, where it is none between least and most. */
bool api_query_number(struct api_call *call, const char *name, uint64_t least, uint64_t most, uint64_t *into);
