#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/exchange.h"
#include "plan/plan.h"

/* What came of the exchanges by where their connections went: an address of one of the backends. */

#define PEERS_MAX 256
#define PEER_TEXT_MAX 112 /* the path of a unix socket */

struct peer {
	uint32_t backend;            /* index into plan->target.backends */
	char address[PEER_TEXT_MAX]; /* "127.0.0.1:80"; "": what never came as far as an address */
	bool is_listed;              /* the backend's name stands for it, as of the end of the interval */
	uint64_t connects, connects_failed;
	uint64_t ok, failed, unfinished, unsent;
};

/* How the name of a backend was looked up beside the load. */
struct lookup_counts {
	uint64_t good, failed, changed;
	int64_t sum_ns, most_ns; /* of the good ones */
};

struct peers {
	struct peer *list; /* PEERS_MAX */
	uint32_t n;
	struct lookup_counts lookups[PLAN_BACKENDS_MAX];
};

void peers_init(struct peers *peers);
void peers_fini(struct peers *peers);
void peers_reset(struct peers *peers);
/* The row of an address, made where there is none: its index. What comes when all are taken goes to the last, which is
 * called "others". */
uint32_t peers_find(struct peers *peers, uint32_t backend, const char *address);
/* Rows are added to those of the same name; whether they are listed is as in `more`. */
void peers_merge(struct peers *into, const struct peers *more);
/* The same names, and nothing counted. */
void peers_copy_names(struct peers *into, const struct peers *from);

void peer_add(struct peer *peer, const struct exchange *x);

/* For the event stream: `peers`, [[backend, "address", listed, connects, failed to, ok, failed, unfinished, unsent],
 * …], and `lookups`, [[good, failed, changed, sum in ns, most in ns], …] by backend, where any name was looked up. */
struct buf;
struct cJSON;
struct json_reader;
void peers_encode(struct buf *into, const struct peers *peers, size_t backends_n);
void peers_read(struct json_reader *r, const struct cJSON *in, size_t backends_n, struct peers *peers);
