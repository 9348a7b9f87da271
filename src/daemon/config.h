#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "daemon/sharing.h"
#include "daemon/watch_config.h"
#include "plan/keys.h"

/* The operator's brunt.yaml, validated as profiles are: unknown and duplicate keys, wrong types and impossible
 * combinations are errors with file:line:column and what would be right. config_keys.def is the list of keys. Texts may
 * refer to ${env:NAME} and ${file:PATH}. Everything lives in the config's arena; NULL and 0 were not said. */
struct config {
	const char *path;        /* NULL: there is no file, and all is default */
	struct plan_list listen; /* of const char *, one or more: "unix:PATH", "HOST:PORT" */
	struct plan_list names;  /* of const char * */
	struct config_tls {
		const char *cert, *key;
	} tls;
	const char *tokens;
	const char *data; /* always there */
	const char *profiles;
	struct plan_list allow; /* of const char *; none: loopback alone */
	struct config_ceilings {
		double rate_per_s;
		uint64_t users, connections;
		int64_t duration_ns;
		uint64_t workers, shards;
	} ceilings;
	struct sharing_nats nats;
	struct config_queue {
		uint64_t at_once, length;
	} queue;
	struct config_retention {
		int64_t for_ns;
		uint64_t runs, bytes;
	} retention;
	struct watch_config watch; /* schedules, and alerts with their sinks */
	struct arena arena;
};

#define CONFIG_BYTES_MAX ((size_t)1024 * 1024)

/* path NULL: defaults alone. NULL with err set. */
struct config *config_load(const char *path, struct error *err);
struct config *config_load_text(const char *text, size_t length, const char *path, struct error *err);
void config_free(struct config *config); /* NULL: nothing */

/* What may change at run time changes places: names, tokens, profiles, allow, ceilings, nats, queue, retention,
 * schedules, alerts and their sinks. The texts stay with whom they were read for: `from` must outlive their use by
 * `into`. */
void config_swap(struct config *into, struct config *from);

/* Whether an address of `listen` is one that only this machine reaches. */
bool config_is_local(const char *listen);
/* A unix socket, and its path; NULL: it is none. */
const char *config_unix_path(const char *listen);

/* Where a daemon without a config of its own listens, and its clients look for it: $RUNTIME_DIRECTORY/brunt.sock,
 * $XDG_RUNTIME_DIR/brunt.sock, else brunt.sock in the data directory. */
const char *config_default_data(struct arena *arena);
const char *config_default_socket(struct arena *arena, const char *data);

/* Among how many a load may be shared out. */
struct sharing_ceilings config_sharing(const struct config *config);

/* `brunt help serve` */
void config_help(struct buf *into);
