#pragma once

#include "httpd/httpd.h"
#include "target/llm_cache.h"
#include "target/llm_dialect.h"
#include "target/llm_engine.h"
#include "target/llm_options.h"
#include "target/llm_saved.h"
#include "target/llm_truth.h"
#include "target/simulation.h"

/* The simulated LLM server: what those of its files share that know of requests and of each other. The others (engine,
 * cache, prompt, dialects) know nothing of it. target.c starts and stops it. */

enum generation_fault {
	FAULT_NONE,
	FAULT_ERROR,    /* an error in the stream */
	FAULT_TRUNCATE, /* a close without the end */
	FAULT_RESET,
};

/* An engine and its cache. */
struct worker {
	struct engine engine;
	struct cache cache;
	/* The breaker in front of it. */
	uint64_t failures_in_row;
	int64_t barred_until_ns;
	bool is_tripped; /* and no success since */
};

/* One request to a dialect, from its arrival until on_done. */
struct generation {
	struct list node; /* in the batch that arrived this turn, among the lookups or the stalled, or in the pool */
	struct list ping_node; /* among those that get keep-alive comments, by the next one's time */
	int64_t ping_ns;
	struct llm *llm;
	struct httpd_request *request;
	const struct dialect *dialect;
	struct worker *worker; /* NULL: not admitted */
	struct sequence sequence;
	struct visit visit; /* of a lookup */
	struct prompt prompt;
	struct answer answer;
	enum generation_fault fault;
	uint64_t fault_at;        /* after so many tokens */
	uint64_t reserved_tokens; /* of the pool */
	int64_t due_ns;           /* when the model wanted the last of it */
	int status;               /* 0: no whole answer */
	const char *finish;       /* the truth log's word for how it ended */
	bool is_open;             /* its stream has a head */
	bool has_session, is_hanging;
	struct buf held; /* what the next write carries */
	uint64_t held_events, events;
	struct token_time *times; /* of each token made */
	size_t times_capacity, times_handed;
};

struct llm_counts {
	uint64_t admitted, invalid, exhausted, failing;
	uint64_t finished, stream_errors, truncated, resets, slow;
	uint64_t prompt_tokens, completion_tokens, cached_tokens;
	uint64_t cache_queries, cache_hits; /* requests that could have used it, and those that found anything */
	uint64_t sessions_asked;            /* requests with a session key */
	uint64_t attempts_failed, retries, breaker_trips, breaker_recoveries;
	uint64_t mixed, swaps;
};

struct llm {
	struct target *target;
	const struct llm_options *options;
	struct worker *workers;
	size_t worker_count, next_worker;
	struct list batch, pool, pings;
	struct list lookups; /* generations by visit.done_ns */
	struct list stalled; /* by sequence.arrival_ns: they come to their engine then */
	uint64_t numbers;    /* requests to dialects so far */
	uint64_t pool_used_tokens;
	size_t open;    /* generations that have not ended */
	size_t hanging; /* of these, those that never will: --overload hang */
	char model_name[LLM_NAME_MAX + 1];
	struct list operations; /* llm_control.c's */
	struct saved saved;
	int64_t start_ns, ready_ns;
	int64_t drain_until_ns, stop_ns; /* INT64_MAX: it does not */
	bool is_failing;                 /* by signal */
	bool is_draining;
	char last_canary[PROMPT_CANARY_MAX];
	struct buf scratch;
	struct llm_counts counts;
};

/* ---- llm_life.c ---- */

/* NULL with err set if its state cannot be read. */
struct llm *llm_new(struct target *target, struct error *err);
void llm_free(struct llm *llm);

void llm_toggle_failure(struct llm *llm);

/* Ends gently: streams may end, whoever comes is told 503. Then target_stop. */
void llm_drain(struct llm *llm);
void llm_go_on_draining(struct llm *llm, int64_t at_ns);

/* NULL, or why nothing is served at that time. */
const char *llm_unavailable(const struct llm *llm, int64_t at_ns);
bool llm_worker_is_dead(const struct llm *llm, const struct worker *worker, int64_t at_ns);

/* ---- llm.c: httpd's and the loop's calls; user is the target ---- */
void llm_on_request(struct httpd_request *request, void *user);
void llm_on_done(struct httpd_request *request, enum httpd_end end, void *user);
void llm_on_wake(void *user);
void llm_on_polled(uv_check_t *check);
void llm_on_join(struct sequence *sequence, void *user); /* an engine's */
void llm_on_tokens(struct sequence *sequence, uint64_t count, int64_t at_ns, void *user);
void llm_set_wake(struct llm *llm); /* something has a new time */

/* llm_router.c: the worker that takes it; NULL if all attempts failed. */
struct worker *llm_route(struct generation *generation);

/* ---- llm_generation.c ---- */
struct generation *generation_take(struct llm *llm);
void generation_reserve_times(struct generation *generation);
void generations_free(struct llm *llm); /* all of the pool */

/* llm_admit.c: a request is read, and enters an engine or is turned away. It may be gone afterwards. */
void generation_admit(struct generation *generation);

/* llm_ask.c: what it asks for: its session, its prompt, its limits. False with err set. */
bool generation_read(struct generation *generation, struct error *err);

/* ---- llm_stream.c: these may end the generation (on_done); it is gone then, and they return false ---- */

/* The head, which leaves with the next write; then what the dialect says before the first token. Both do nothing for an
 * answer that is no stream. */
void stream_open(struct generation *g);
bool stream_begin(struct generation *g);

/* Tokens up to g->answer.made_tokens, `count` of them new. */
bool stream_tokens(struct generation *g, uint64_t count);
bool stream_ping(struct generation *g);

/* The ends: with or without its finish; the answer may be a stream or whole. */
void stream_finish(struct generation *g);
void stream_break(struct generation *g); /* as g->fault says */

/* An answer with that status in the dialect's own form. `more` is NULL or header lines. */
void stream_refuse(struct generation *g, int status, const char *more, const char *message);

/* Marks what was held as handed to the kernel at that time. */
void stream_stamp(struct generation *g, int64_t handed_ns);

/* ---- llm_admin.c ---- */

/* Answers whatever is no dialect's. */
void llm_admin_answer(struct llm *llm, struct httpd_request *request);
