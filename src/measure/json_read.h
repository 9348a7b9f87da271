#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Members of one JSON object, strictly typed. The first thing that is wrong is kept in err and makes every later read
 * do nothing, so that a decoder reads its fields one after the other and asks once. An absent member leaves *into
 * alone. */
struct json_reader {
	struct error *err;
	bool has_failed;
};

/* The whole text checked (json_check) and parsed; NULL with the reader failed. The caller frees it by cJSON_Delete. */
cJSON *json_parse(struct json_reader *r, const char *text, size_t length, size_t ceiling);

bool json_fail(struct json_reader *r, const char *name, const char *problem); /* returns false */
/* NULL where there is none; one of another type fails. */
const cJSON *json_object(struct json_reader *r, const cJSON *in, const char *name);
const cJSON *json_array(struct json_reader *r, const cJSON *in, const char *name);
void json_read_u64(struct json_reader *r, const cJSON *in, const char *name, uint64_t max, uint64_t *into);
void json_read_u32(struct json_reader *r, const cJSON *in, const char *name, uint32_t max, uint32_t *into);
void json_read_i64(struct json_reader *r, const cJSON *in, const char *name, int64_t min, int64_t max, int64_t *into);
void json_read_double(struct json_reader *r, const cJSON *in, const char *name, double *into); /* null: NAN */
void json_read_bool(struct json_reader *r, const cJSON *in, const char *name, bool *into);
/* Copies at most size − 1 bytes; a longer text fails. */
void json_read_text(struct json_reader *r, const cJSON *in, const char *name, char *into, size_t size);
void json_must_have(struct json_reader *r, const cJSON *in, const char *name);
/* Fails where there is a member that is not among these; ended by NULL. */
void json_have_only(struct json_reader *r, const cJSON *in, const char *const *names);

/* One value, for arrays. */
bool json_value_u64(const cJSON *item, uint64_t max, uint64_t *into);
bool json_value_double(const cJSON *item, double *into);
