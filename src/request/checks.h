#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "measure/exchange.h"
#include "plan/plan.h"

/* Whether an answer is what the checks of its request say (plan/checks.h): made ready once at start, looked at while it
 * comes, and judged as a whole at its end. */
struct checks;

/* *checks is NULL where the request has none. False with err set: a regular expression is none. */
bool checks_new(const struct plan_request *request, struct checks **checks, struct error *err);
void checks_free(struct checks *checks);

bool checks_want_headers(const struct checks *checks); /* of NULL: nothing */
bool checks_want_trailers(const struct checks *checks);
bool checks_want_body(const struct checks *checks);

/* Most of a body that is kept for regular expressions, JSON pointers and comparisons; in a larger one they fail. */
#define CHECKS_BODY_MAX ((size_t)1024 * 1024)
#define CHECKS_FIELDS_MAX ((size_t)16 * 1024)

/* One answer, while it comes: a channel's, which keeps its memory for the next. */
struct checking {
	const struct checks *checks;
	uint64_t met; /* of header fields and trailers, by bits: seen, and as expected */
	uint64_t size;
	uint32_t crc32;
	uint8_t sha256[CHECK_SHA256_LENGTH];
	struct evp_md_ctx_st *digest; /* made with the first body that needs it */
	struct buf fields, body;      /* fields: what was there in place of what was expected */
	struct check_misses misses;
};

void checking_init(struct checking *checking);
void checking_fini(struct checking *checking);
void checking_begin(struct checking *checking, const struct checks *checks);
void checking_add_header(
	struct checking *checking, const char *name, size_t name_length, const char *value, size_t value_length);
void checking_add_trailer(
	struct checking *checking, const char *name, size_t name_length, const char *value, size_t value_length);
void checking_add_body(struct checking *checking, const char *bytes, size_t length);
/* FAILURE_COUNT: all of them hold; else misses says which do not. */
enum failure checking_end(struct checking *checking);
