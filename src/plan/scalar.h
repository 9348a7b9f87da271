#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "plan/parse.h"

/* One scalar of a type of keys.h → the field of that type. */
bool scalar_parse(struct plan_context *context, const struct plan_node *node, const struct plan_key *key, void *field,
	struct error *err);

/* The sentence about the level of 0 that was read last; false. */
bool scalar_sends_nothing(const struct plan_context *context, struct error *err);

bool scalar_is_one(enum plan_type type); /* whether a scalar stands for the type */

/* What would be right: "a time with its unit, such as 500ms, …". */
const char *scalar_form(const struct plan_key *key);

/* A bound or default as people write it: "100ms", "5%", "1000000". Returns into. */
const char *scalar_text(enum plan_type type, double value, char *into, size_t size);
