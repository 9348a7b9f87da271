#pragma once

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "load/shape.h"
#include "plan/plan.h"
#include "proto/protocol.h"
#include "reader/reader.h"

/* A plan against the null protocol: `load` and whatever else the profile says. `target`: more of the target's keys,
 * each after a comma. */
static inline struct plan *
plan_of_text(const struct buf *text)
{
	static const struct plan_metric *const no_metrics[] = {NULL};
	struct plan_tables tables = {
		.shapes = shape_choices,
		.protocols = protocol_choices,
		.readers = reader_choices,
		.metrics = no_metrics,
	};
	struct error err = {0};
	char message[1400];
	struct plan *plan = plan_load_text(text->bytes, text->length, "test.yaml", NULL, 0, &tables, &err);

	if (plan == NULL)
		fail_msg("%s", error_text(&err, message, sizeof(message)));
	return plan;
}

static inline struct plan *
plan_of_target(const char *target, const char *profile)
{
	struct buf text;

	buf_init(&text, 65536);
	buf_printf(&text, "name: test\ntarget: {url: 'http://127.0.0.1:9', http: 'null'%s}\n%s%s", target,
		strstr(profile, "scenarios:") == NULL && strstr(profile, "flow:") == NULL
			? "requests: [{name: root, get: /}]\n"
			: "",
		profile);
	struct plan *plan = plan_of_text(&text);

	buf_fini(&text);
	return plan;
}

/* One over HTTP/1.1, for those who look at how its load is shared out; `target`: the target's keys. */
static inline struct plan *
plan_of_urls(const char *target)
{
	struct buf text;

	buf_init(&text, 65536);
	buf_printf(&text,
		"name: test\ntarget: {%s}\nrequests: [{name: root, get: /}]\nload: {steady: {rate: 5/s, for: 1s}}\n",
		target);
	struct plan *plan = plan_of_text(&text);

	buf_fini(&text);
	return plan;
}

/* Answers come at once. */
static inline struct plan *
plan_of(const char *profile)
{
	return plan_of_target("", profile);
}
