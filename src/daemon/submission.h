#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "daemon/sharing.h"
#include "plan/experiment.h"
#include "plan/suite.h"

/* What somebody wants to be run: a profile that came along, or the name of one of the operator's, with settings. Read,
 * compiled and checked here, by the desk: nothing is sent, and of what came along nothing is read or run. Everything
 * lives in its arena. */

#define SUBMISSION_SETTINGS_MAX 64
#define SUBMISSION_NAME_MAX 64
#define SUBMISSION_TARGETS_MAX 256
#define SUBMISSION_WORDS_MAX 160

enum submission_kind { SUBMISSION_RUN, SUBMISSION_ARMS, SUBMISSION_MATRIX, SUBMISSION_SUITE };
extern const char *const submission_kind_names[];

struct submission {
	/* As it was said: exactly one of the first two. */
	const char *profile; /* the name of an operator's */
	const char *text;    /* or what came along, YAML or JSON; text_length bytes */
	size_t text_length;
	const char *settings[SUBMISSION_SETTINGS_MAX]; /* "KEY=VALUE" */
	size_t settings_n;
	const char *baseline; /* NULL: none */
	bool refuses_busy;
	struct sharing sharing;

	/* What it turned out to be. */
	const char *path; /* of the operator's profile; NULL: it came along */
	char name[SUBMISSION_NAME_MAX + 1];
	enum submission_kind kind;
	const char *targets[SUBMISSION_TARGETS_MAX]; /* of all its arms and backends, each once */
	size_t targets_n;
	size_t runs_n;
	int64_t planned_ns; /* 0: not known beforehand */
	char load[SUBMISSION_WORDS_MAX];
	bool has_stream, has_control;
	bool is_unknown, is_denied; /* where it was refused: there is no such profile; it wants more than is allowed */
	struct arena arena;
};

struct submission_terms {
	const struct plan_tables *tables;
	const char *profiles; /* the operator's directory; NULL: there is none */
	/* The operator's ceilings; NULL: none. Of experiment and suite one is NULL. */
	bool (*admits)(void *context, const struct submission *submission, const struct plan_experiment *experiment,
		const struct plan_suite *suite, struct error *err);
	/* Whether it can be shared out as it is wished; NULL: that shows when it begins. Asked where it is to be. */
	bool (*may_share)(const struct submission *submission, const struct plan_experiment *experiment,
		const struct plan_suite *suite, struct error *err);
	void *context;
};

void submission_init(struct submission *submission);
void submission_fini(struct submission *submission);

/* The body of a request, as openapi.yaml has it. False with err set; its place is "body:LINE:COLUMN". */
bool submission_parse_json(struct submission *submission, const char *body, size_t length, struct error *err);
/* A body that is a profile. */
void submission_take_text(struct submission *submission, const char *text, size_t length);
void submission_take_profile(struct submission *submission, const char *name);
bool submission_add_setting(struct submission *submission, const char *setting, struct error *err);

/* False with err set: what is wrong with the profile, "profile:LINE:COLUMN" where it came along. Takes some ms. */
bool submission_check(struct submission *submission, const struct submission_terms *terms, struct error *err);

/* "127.0.0.1:8080, unix:/run/x.sock" */
const char *submission_targets_text(const struct submission *submission, char *into, size_t size);

/* [A-Za-z0-9._-]{1,64}, and no dot in front. */
bool submission_is_name(const char *text);
