#pragma once

#include <stdio.h>
#include <string.h>

#include "load/shape.h"
#include "plan/plan.h"

/* Plans of a load, whatever is sent. */

static const struct plan_choice http1 = {.name = "1", .help = "", .keys = (const struct plan_key[]){PLAN_KEYS_END}};
static const struct plan_choice discard = {
	.name = "discard", .help = "", .keys = (const struct plan_key[]){PLAN_KEYS_END}};

static inline struct plan *
plan_of_text(const char *text, struct error *err)
{
	static const struct plan_choice *const protocols[] = {&http1, NULL}, *const readers[] = {&discard, NULL};
	static const struct plan_metric *const metrics[] = {NULL};
	const struct plan_tables tables = {
		.shapes = shape_choices, .protocols = protocols, .readers = readers, .metrics = metrics};

	return plan_load_text(text, strlen(text), "p.yaml", NULL, 0, &tables, err);
}

static inline struct plan *
plan_of(const char *load, struct error *err)
{
	char text[2048];

	snprintf(text, sizeof(text), "target: {url: \"http://127.0.0.1:1\"}\nload: %s\nrequests: [{name: a, get: /}]\n",
		load);
	return plan_of_text(text, err);
}
