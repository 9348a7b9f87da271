#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "unit/plan/fakes.h"

/* A profile that must load, with settings in "key=value" form, ended by NULL. */
static inline struct plan *
load_set(const char *text, const char *const *set)
{
	struct plan_setting settings[16] = {0};
	struct error err = {0};
	size_t n = 0;

	for (; set != NULL && set[n] != NULL; n++)
		assert_true(plan_setting_parse(set[n], &settings[n], &err));
	struct plan *plan = plan_load_text(text, strlen(text), "x.yaml", settings, n, &fake_tables, &err);

	if (plan == NULL)
		fail_msg("%s: %s", err.where, err.message);
	return plan;
}

static inline struct plan *
load(const char *text)
{
	return load_set(text, NULL);
}

/* The sentence about a profile that must not load. */
static inline const char *
refusal_of(const char *text, const char *set, char *into, size_t size)
{
	struct plan_setting setting;
	struct error err = {0};
	bool is_set = set != NULL && plan_setting_parse(set, &setting, &err);
	struct plan *plan = error_is_set(&err) ? NULL
					       : plan_load_text(text, strlen(text), "x.yaml", &setting, is_set ? 1 : 0,
							 &fake_tables, &err);

	plan_free(plan);
	return plan != NULL ? "accepted" : error_text(&err, into, size);
}
