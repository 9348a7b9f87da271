#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/auth.h"
#include "plan/checks.h"
#include "plan/expr.h"
#include "plan/keys.h"

/* The profile in its validated, immutable, compiled form. Everything in it lives in its arena; nothing is null unless
 * it says so. Rates are per second, times in ns, ratios 0..1. Defaults are filled in; see keys.def. */

#define PLAN_FILE_CEILING ((size_t)1024 * 1024)

/* How a body may be compressed, in the order of preference. */
enum plan_coding { CODING_NONE, CODING_BR, CODING_GZIP, CODING_DEFLATE, CODING_OTHER };

enum plan_spacing { SPACING_UNIFORM, SPACING_POISSON, SPACING_GAMMA };
enum plan_when_full { WHEN_FULL_QUEUE, WHEN_FULL_DROP };
enum plan_pacing { PACING_AUTO, PACING_PRECISE, PACING_RELAXED };
enum plan_pick { PICK_LIFO, PICK_ROUND_ROBIN };

/* A value as the profile writes it, and where: for what is found wrong with it later. line 0: in a --set. */
struct plan_said {
	const char *shown, *file;
	size_t line, column;
};

enum plan_tls_version { PLAN_TLS_1_2, PLAN_TLS_1_3 };

/* How https is spoken. What is NULL is not said. */
struct plan_tls {
	const char *ca;         /* PEM: who is trusted to sign certificates; NULL: whom the system trusts */
	const char *cert, *key; /* PEM: our own; key NULL: it is in cert's file */
	bool verify;
	const char *server_name;  /* NULL: the URL's host */
	int min_version;          /* enum plan_tls_version */
	const char *ciphers;      /* of TLS 1.2, as OpenSSL writes them */
	const char *ciphersuites; /* of TLS 1.3 */
	bool resume;
	struct plan_said said_ca, said_cert, said_key, said_ciphers, said_ciphersuites;
};

struct plan_url {
	const char *text;      /* as written */
	const char *scheme;    /* "http", "https"; of ws and wss the same */
	const char *resource;  /* of ws and wss: path and query; NULL: it is http or https */
	const char *host;      /* without brackets; for unix sockets "localhost" */
	const char *unix_path; /* NULL for TCP; from http+unix:///run/x.sock or http://unix:/run/x.sock:/path */
	uint16_t port;
	const char *path;      /* prefix of every request path, "" or "/api" without a trailing slash */
	const char *authority; /* what the Host header says: host, or host:port where the port is not the scheme's */
};

#define PLAN_BACKENDS_MAX 32

/* One of the base URLs that share the load. */
struct plan_backend {
	struct plan_url url;
	uint64_t weight;
	const char *tunnel;                 /* what the proxy is asked for, CONNECT and its headers; NULL: no tunnel */
	const struct plan_request *opening; /* the opening handshake of a WebSocket, less its key; NULL: it is none */
};

/* An HTTP proxy on the way to the target. */
struct plan_proxy {
	struct plan_url url;       /* host NULL: there is none */
	const char *authorization; /* "Basic …"; NULL: it wants none */
	bool tunnel;               /* for http too */
};

#define PLAN_CONNECT_TO_MAX 64
#define PLAN_SOURCES_MAX 4096

struct plan_address {
	bool is_v6;
	uint16_t port;           /* 0: the URL's; of our own: any */
	unsigned char bytes[16]; /* as on the wire; 4 of them where it is not v6 */
};

/* How to find the target's processes; at most one of them is set. */
struct plan_watch {
	uint64_t pid;          /* 0: not by pid */
	const char *pid_file;  /* NULL: not by this */
	const char *process;   /* name of the process (comm) */
	uint64_t port;         /* listening port; 0: not by port */
	const char *cgroup;    /* a path in its hierarchy, or a directory below /sys/fs/cgroup */
	const char *unit;      /* systemd's; a service where it has no type */
	const char *container; /* its id, or how it begins */
	bool gpu;              /* beside it, the GPUs of its machine */
	int64_t every_ns;      /* between readings, 100 ms … 1 s */
};

/* Who says what the target draws. */
struct plan_energy {
	const char *command; /* run by /bin/sh -c for each reading; NULL: nobody */
	enum { ENERGY_JOULES, ENERGY_WATTS } prints;
	int64_t every_ns, timeout_ns;
};

struct plan_command {
	const char *command; /* run by /bin/sh -c, in its own process group; NULL: none */
	int64_t ready_ns;    /* how long it may take until the target accepts connections */
	int64_t stop_ns;     /* SIGTERM, then SIGKILL after this */
};

/* How ws:// and wss:// are opened and kept. */
struct plan_websocket {
	struct plan_list headers;   /* of struct plan_pair: of the opening handshake */
	struct plan_list protocols; /* of const char *: subprotocols, the most wanted first */
	enum { UNASKED_CLOSE, UNASKED_IGNORE } unasked;
	uint64_t message_bytes; /* largest message that is accepted */
};

struct plan_target {
	struct plan_url url;       /* of the first backend */
	struct plan_list backends; /* of struct plan_backend, one or more */
	struct plan_proxy proxy;
	struct plan_list connect_to; /* of struct plan_address; none: what the URL's name stands for */
	struct plan_list sources;    /* likewise, of this machine; none: as the kernel chooses */
	int64_t dns_refresh_ns;      /* 0: never */
	uint64_t prefetch;           /* connections to open before the load begins */
	const char *version;         /* what is under test, in words; NULL: not said */
	int64_t timeout_ns;          /* of the whole exchange, from `taken` */
	int64_t connect_timeout_ns;  /* its TLS handshake included */
	struct plan_tls tls;         /* of all backends */
	struct plan_websocket websocket;
	int64_t null_service_ns;           /* of a protocol that needs no stream: how long its answers take */
	uint64_t connections;              /* most connections at once */
	struct plan_said said_connections; /* shown NULL: it is the default */
	uint64_t streams;                  /* most exchanges at once on one, where its protocol is multiplexed */
	uint64_t requests_per_connection;  /* 0: unlimited */
	int64_t connection_age_ns;         /* 0: unlimited */
	enum plan_pick pick;
	const struct plan_choice *protocol; /* http: 1 */
	struct plan_command process;        /* target.command */
	bool has_watch;
	struct plan_watch watch;
	struct plan_energy energy;
	uint64_t response_ceiling_bytes; /* largest header section accepted */
	uint64_t redirects;              /* most that are followed for one request */
	unsigned codings;                /* BIT of enum plan_coding: compressed bodies that are asked for */
	uint64_t decoded_bytes;          /* most that one of them may become */
	struct plan_auth auth;           /* of requests that say nothing of it */
};

struct plan_expect {
	/* Bit s−100 says that status s (100…599) is a success; default 2xx and 3xx. */
	uint64_t statuses[8];
	const char *body;                                            /* the body must contain this; NULL: any */
	const struct plan_node *body_node, *header, *trailer, *json; /* what becomes checks: checks.h */
	const char *size, *sha256, *crc32;
	uint64_t grpc_status;    /* of a call of gRPC */
	struct plan_list errors; /* of const char *: an answer with one of these codes or types is a success */
};

/* What an answer of WebSocket is made of. */
struct plan_receive {
	uint64_t messages; /* so many; 0: see until */
	const char *until; /* up to the first that contains this; may hold ${…}; NULL: they are counted */
};

struct plan_request {
	const char *name;  /* unique in the profile */
	uint32_t scenario; /* index */
	double weight;
	const char *method;       /* "GET" */
	const char *path;         /* with the base URL's path in front; may hold ${…} slots */
	struct plan_list headers; /* of struct plan_pair */
	const char *body;         /* NULL: none; may hold ${…} slots where has_slots */
	size_t body_length;
	bool has_slots;              /* false for a body from a file */
	bool is_binary;              /* of WebSocket: its body is sent as a binary message, not as text */
	struct plan_receive receive; /* likewise */
	uint64_t redirects;          /* as the target's; 0: none is followed */
	unsigned codings;            /* as the target's; 0: none */
	const char *basic;           /* USER:PASSWORD where they have slots: what ${basic} is made of */
	struct plan_expect expect;
	const struct plan_check *checks;
	uint32_t checks_n, first_check; /* first_check: the number of the first, of all of the plan */
	const struct plan_choice *reader;
	const struct plan_llm *llm;   /* llm.h; NULL: it is written by hand */
	const struct plan_step *step; /* flow.h; NULL: it is one of those that are chosen by weight */
	const char *file; /* where it is written, for what is found wrong with it later; line 0: not in a file */
	size_t line, column;
};

struct plan_load {
	struct plan_chosen shape;
	struct plan_said said_most; /* its highest level, or the shape; shown NULL: it is no single value */
	bool in_users;              /* closed loop: levels count users, not arrivals per second */
	enum plan_spacing spacing;
	double burstiness;        /* SPACING_GAMMA: the shape of its gaps' distribution; less than 1 comes in bursts */
	int64_t warmup_ns;        /* 0: none */
	uint64_t warmup_requests; /* warmup: {requests: 100}; else 0 */
	uint64_t in_flight_max;
	enum plan_when_full when_full;
};

struct plan_scenario {
	const char *name; /* "default" where the profile names none */
	struct plan_load load;
	uint32_t first_request, requests_n; /* its slice of plan->requests */
	const struct plan_flow *flow;       /* flow.h: they are performed in order; NULL: one per arrival, by weight */
};

struct plan_stop {
	enum { STOP_FIRST_BROKEN, STOP_MAX, STOP_AFTER } when;
	uint64_t after; /* STOP_AFTER: levels more after the first broken one */
	bool is_given;  /* the profile says so, there */
	size_t line, column;
};

enum plan_split_side { SPLIT_BOTH, SPLIT_BASELINE, SPLIT_CANDIDATE };

/* The traffic of one load is shared out between two targets by a key of each arrival. */
struct plan_split {
	const char *key;           /* may hold ${…}; NULL: nothing is split */
	const char *key_shown;     /* as written: references to secrets stay references */
	double share;              /* of all keys, the candidate's */
	enum plan_split_side side; /* that this run is; of the whole: both */
	size_t line, column;       /* of the key */
};

/* Thresholds that make a level BROKEN; NAN: switched off ("off" in YAML). */
struct plan_break_when {
	double error_rate, timeout_rate, memory, cpu;
	bool crash;
	struct expr *also; /* thresholds of the user's own: any that holds over the level */
	size_t also_n;
};

struct plan_generator {             /* when our own limits void a level (DEFINITIONS: INVALID) */
	int64_t lateness_p99_ns;    /* 1 ms … */
	double lateness_share;      /* … or this share of the response P99, whichever is more */
	double taken_min;           /* 99% */
	double client_failures_max; /* 0.1% */
	int64_t loop_gap_ns;        /* 1 s */
};

enum plan_requests_log { REQUESTS_LOG_OFF, REQUESTS_LOG_ERRORS, REQUESTS_LOG_SAMPLE, REQUESTS_LOG_ALL };

/* Who is told of the run while it lasts. */
struct plan_push {
	enum { PUSH_NOBODY, PUSH_PROMETHEUS, PUSH_INFLUX } kind;
	const struct plan_fetch *fetch; /* course.h; NULL: nobody */
	int64_t every_ns;
};

struct plan_output {
	const char *dir;          /* "results" */
	int64_t interval_ns;      /* 1 s */
	struct plan_list formats; /* of const struct plan_choice *: what is written beside the usual reports */
	enum plan_requests_log requests_log;
	uint64_t requests_log_bytes; /* most that it may take */
	struct plan_push push;
};

struct plan_slo {
	struct expr expr;
	size_t line, column;
};

/* What the profile advises where an expression holds over the run. */
struct plan_recommendation {
	struct expr when;
	const char *text;
};

/* An expression that is looked at every interval, and fires once it has held for so long. */
struct plan_alert {
	const char *name;
	struct expr when;
	int64_t for_ns;
};

/* A figure of two arms that is gated. */
struct plan_compared {
	struct expr measure; /* metric, stat, quantile and request alone */
	double tolerance;    /* a share of the baseline */
	bool has_own;        /* it is said of this measure, and not the one of all */
};

/* How two arms are held against one another. */
struct plan_compare {
	double tolerance;   /* of what has none of its own: 10% */
	uint64_t resamples; /* 2,000 */
	bool has_gate;      /* the profile says itself what is gated: `named` alone; else the usual figures are too */
	struct plan_compared *named;
	size_t named_n;
};

/* An earlier run that this one is compared with. */
struct plan_regression {
	const char *baseline; /* a saved one's name or a path; NULL: none */
	bool is_forced;       /* also where they are not alike */
};

/* What an answer must hold, beside being ok, to count into the goodput. */
struct plan_bound {
	const struct plan_metric *metric; /* is_of_an_answer */
	int request;                      /* index into plan->requests; −1: all */
	int64_t most_ns;
};

/* What is read from exporters beside the load: scrape.h */
struct plan_scrape {
	struct plan_endpoint *endpoints;
	size_t endpoints_n;
	struct plan_scraped *list; /* the figures that are wanted, of all endpoints one after the other */
	size_t n;
};

/* A file of rows, of a body or of arrivals, in the order in which the profile names them, each once. */
struct plan_file {
	const char *shown, *path; /* as it was written; where it is */
	struct plan_file *next;
};

struct plan {
	const char *name;
	const char *path; /* of the profile, or "-" */
	uint64_t seed;
	enum plan_pacing pacing;
	int64_t relaxed_tick_ns;
	struct plan_target target;
	struct plan_scenario *scenarios;
	size_t scenarios_n;
	struct plan_request *requests;
	size_t requests_n;
	struct plan_break_when break_when;
	struct plan_stop stop;
	double safe_share;       /* 0.8: safe rate as a share of the maximum sustainable one */
	struct expr *abort_when; /* any that holds over one interval ends the run */
	size_t abort_when_n;
	struct plan_slo *slos; /* of a run */
	size_t slos_n;
	struct plan_recommendation *recommendations;
	size_t recommendations_n;
	struct plan_alert *alerts;
	size_t alerts_n;
	struct plan_bound *good_when; /* as written, else what the slos say of percentiles */
	size_t good_when_n;
	struct plan_slo *gates; /* of two arms: improvement(…), speedup(…) */
	size_t gates_n;
	struct plan_compare compare;
	struct plan_regression regression;
	struct plan_split split;
	struct plan_generator generator;
	struct plan_output output;
	int64_t idle_baseline_ns;         /* 2 s where a target or its energy is watched, else 0 */
	const struct plan_data *data;     /* what requests are filled in with: data.h */
	const struct plan_course *course; /* what is done around the load and beside it: course.h */
	struct plan_scrape scrape;
	const struct plan_file *files; /* what the load is made of beside the profile: NULL: of nothing */

	const char *effective_yaml; /* with extends and --set applied; secrets still as references */
	const char *effective_json; /* the same as one JSON object */
	char hash[17];              /* of effective_yaml, 16 hex digits (FNV-1a 64) */
	struct arena arena;
};

/* The tables that other rooms own, handed down by cmd/ so that profile keys are validated without an upward include.
 * Each array ends with NULL. */
struct plan_tables {
	const struct plan_choice *const *shapes;
	const struct plan_choice *const *protocols; /* by `target.http`: "1" */
	const struct plan_choice *const *readers;
	const struct plan_llm_api *const *llm_apis; /* llm.h; those without a name are passed over */
	const struct plan_metric *const *metrics;
	const struct plan_choice *const *formats; /* of reports; NULL: there are none */
};

struct plan_setting {
	/* "load.steps.to", "requests[1].weight" or "requests.buy.weight"; ended by NUL or '=', so that it may point
	 * into an argv */
	const char *path;
	const char *value; /* YAML text */
};

/* Reads and compiles a profile; NULL with err set (file:line:column, value, what would be right). `path` "-": stdin. */
struct plan *plan_load_file(const char *path, const struct plan_setting *settings, size_t settings_n,
	const struct plan_tables *tables, struct error *err);
struct plan *plan_load_text(const char *text, size_t length, const char *name, const struct plan_setting *settings,
	size_t settings_n, const struct plan_tables *tables, struct error *err);
void plan_free(struct plan *plan);

/* Splits "key=value"; the setting points into text. */
bool plan_setting_parse(const char *text, struct plan_setting *setting, struct error *err);

/* `brunt help profile` and profiles/README.md from the rows of keys.def and of the tables. */
struct buf;
void plan_help_text(struct buf *into, const struct plan_tables *tables);
void plan_help_markdown(struct buf *into, const struct plan_tables *tables);
/* The same of any rows, as plain text: those of a file that is no profile. */
void plan_help_keys(struct buf *into, const struct plan_key *keys);

static inline bool
plan_has_flow(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++)
		if (plan->scenarios[i].flow != NULL)
			return true;
	return false;
}

static inline bool
plan_url_is_tls(const struct plan_url *url)
{
	return url->scheme[4] == 's'; /* http, https */
}

static inline bool
plan_has_proxy(const struct plan_target *target)
{
	return target->proxy.url.host != NULL;
}

static inline bool
plan_uses_tunnel(const struct plan_target *target)
{
	return plan_has_proxy(target) && (target->proxy.tunnel || plan_url_is_tls(&target->url));
}

/* Each request says whom it is for, and the proxy may answer it itself. */
static inline bool
plan_asks_proxy(const struct plan_target *target)
{
	return plan_has_proxy(target) && !plan_uses_tunnel(target);
}

/* How much of the load's arrivals a run sends: all, but for a side of a split, of which it is what it has on average.
 */
static inline double
plan_share(const struct plan *plan)
{
	if (plan->split.key == NULL || plan->split.side == SPLIT_BOTH)
		return 1;
	return plan->split.side == SPLIT_CANDIDATE ? plan->split.share : 1 - plan->split.share;
}

static inline bool
plan_status_expected(const struct plan_expect *expect, unsigned status)
{
	return status >= 100 && status <= 599 && (expect->statuses[(status - 100) / 64] >> ((status - 100) % 64) & 1);
}
