#include "daemon/submission.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "campaign/campaign.h"
#include "daemon/load_words.h"
#include "plan/untrusted.h"

const char *const submission_kind_names[] = {"run", "arms", "matrix", "suite"};

void
submission_init(struct submission *submission)
{
	*submission = (struct submission){.runs_n = 1};
	arena_init(&submission->arena);
}

void
submission_fini(struct submission *submission)
{
	arena_fini(&submission->arena);
}

bool
submission_is_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= SUBMISSION_NAME_MAX && text[n] == '\0' && text[0] != '.';
}

void
submission_take_text(struct submission *submission, const char *text, size_t length)
{
	submission->text = arena_strndup(&submission->arena, text, length);
	submission->text_length = length;
}

void
submission_take_profile(struct submission *submission, const char *name)
{
	submission->profile = arena_strdup(&submission->arena, name);
}

bool
submission_add_setting(struct submission *submission, const char *setting, struct error *err)
{
	if (submission->settings_n == SUBMISSION_SETTINGS_MAX)
		return error_set(err, "set: there are more than %d settings", SUBMISSION_SETTINGS_MAX);
	submission->settings[submission->settings_n++] = arena_strdup(&submission->arena, setting);
	return true;
}

/* "200/s for 60s, by 3 workers" */
static void
add_sharing_words(struct submission *submission)
{
	size_t length = strlen(submission->load);
	char words[SHARING_WORDS_MAX];

	if (sharing_words(&submission->sharing, words)[0] != '\0')
		snprintf(submission->load + length, sizeof(submission->load) - length, ", %s", words);
}

/* What a target is called, so that two runs of the same server find out. */
static const char *
name_of_url(struct submission *submission, const struct plan_url *url)
{
	if (url->unix_path != NULL)
		return arena_printf(&submission->arena, "unix:%s", url->unix_path);
	return arena_printf(
		&submission->arena, strchr(url->host, ':') != NULL ? "[%s]:%u" : "%s:%u", url->host, url->port);
}

static bool
add_target(struct submission *submission, const char *name, struct error *err)
{
	for (size_t i = 0; i < submission->targets_n; i++)
		if (strcmp(submission->targets[i], name) == 0)
			return true;
	if (submission->targets_n == SUBMISSION_TARGETS_MAX)
		return error_set(err, "the profile has more than %d targets", SUBMISSION_TARGETS_MAX);
	submission->targets[submission->targets_n++] = name;
	return true;
}

static bool
add_targets(struct submission *submission, const struct plan *plan, struct error *err)
{
	const struct plan_backend *backends = plan->target.backends.items;

	for (size_t i = 0; i < plan->target.backends.n; i++)
		if (!add_target(submission, name_of_url(submission, &backends[i].url), err))
			return false;
	return true;
}

/* Of an experiment by itself, or one of a suite's. False in *is_known: it cannot be said how long. */
static bool
take_experiment(
	struct submission *submission, const struct plan_experiment *experiment, bool *is_known, struct error *err)
{
	for (size_t i = 0; i < experiment->arms_n; i++) {
		int64_t planned_ns = campaign_planned_ns(experiment->arms[i].plan);

		*is_known = *is_known && planned_ns > 0;
		submission->planned_ns += planned_ns * (int64_t)experiment->repeats;
		if (!add_targets(submission, experiment->arms[i].plan, err))
			return false;
	}
	return true;
}

static bool
describe(struct submission *submission, const struct plan_experiment *experiment, struct error *err)
{
	bool is_known = true;

	snprintf(submission->name, sizeof(submission->name), "%s", experiment->whole.name);
	submission->kind = experiment->kind == EXPERIMENT_ONE_RUN ? SUBMISSION_RUN
			   : experiment->kind == EXPERIMENT_ARMS  ? SUBMISSION_ARMS
								  : SUBMISSION_MATRIX;
	submission->runs_n = experiment_runs_n(experiment);
	submission->has_stream =
		experiment->order != ORDER_TOGETHER; /* sides of a split are heard by each other alone */
	submission->has_control = experiment->kind == EXPERIMENT_ONE_RUN;
	load_words(experiment->arms[0].plan->effective_json, submission->load, sizeof(submission->load));
	add_sharing_words(submission);
	if (!take_experiment(submission, experiment, &is_known, err))
		return false;
	if (!is_known)
		submission->planned_ns = 0;
	return true;
}

static bool
describe_suite(struct submission *submission, const struct plan_suite *suite, struct error *err)
{
	bool is_known = true;

	snprintf(submission->name, sizeof(submission->name), "%s", suite->name);
	submission->kind = SUBMISSION_SUITE;
	submission->runs_n = suite->items_n;
	snprintf(submission->load, sizeof(submission->load), "%zu profiles", suite->items_n);
	add_sharing_words(submission);
	for (size_t i = 0; i < suite->items_n; i++)
		if (!take_experiment(submission, suite->items[i].experiment, &is_known, err))
			return false;
	if (!is_known)
		submission->planned_ns = 0;
	return true;
}

static void
settings_of(const struct submission *submission, struct plan_setting settings[SUBMISSION_SETTINGS_MAX])
{
	for (size_t i = 0; i < submission->settings_n; i++)
		settings[i] = (struct plan_setting){
			.path = submission->settings[i], .value = strchr(submission->settings[i], '=') + 1};
}

static bool
check_settings(const struct submission *submission, const struct plan_setting *settings, struct error *err)
{
	for (size_t i = 0; i < submission->settings_n; i++)
		if (!untrusted_check_setting(&settings[i], err))
			return false;
	return true;
}

static bool
admit(struct submission *submission, const struct submission_terms *terms, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err)
{
	submission->is_denied =
		terms->admits != NULL && !terms->admits(terms->context, submission, experiment, suite, err);
	return !submission->is_denied && (!sharing_is_wished(&submission->sharing) || terms->may_share == NULL ||
						 terms->may_share(submission, experiment, suite, err));
}

static bool
check_text(struct submission *submission, const struct plan_setting *settings, const struct submission_terms *terms,
	struct error *err)
{
	if (!untrusted_check_text(submission->text, submission->text_length, "profile", err))
		return false;
	struct plan_experiment *experiment = experiment_load_text(submission->text, submission->text_length, "profile",
		settings, submission->settings_n, terms->tables, err);
	bool is_fine = experiment != NULL && admit(submission, terms, experiment, NULL, err) &&
		       describe(submission, experiment, err);

	experiment_free(experiment);
	return is_fine;
}

/* What a profile that refers to secrets lets others set: how much is asked of its own target, and how that is judged.
 * Everything else could name somebody whom its secrets are sent to: target, arms, set, probe, output … */
static const char *const harmless_keys[] = {"name", "load", "requests", "flow", "session", "scenarios", "break_when",
	"stop", "slo", "good_when", "abort_when", "recommend", "alerts", "safe_share", "seed", "pacing", "relaxed_tick",
	"idle_baseline", "generator", "repeats", "order", "compare", "pass_rate", "limit"};

static bool
is_harmless(const char *setting)
{
	size_t n = strcspn(setting, ".[=");

	for (size_t i = 0; i < ARRAY_LEN(harmless_keys); i++)
		if (strlen(harmless_keys[i]) == n && strncmp(setting, harmless_keys[i], n) == 0)
			return true;
	return false;
}

static bool
has_secrets(const struct plan_experiment *experiment, const struct plan_suite *suite)
{
	if (suite == NULL)
		return untrusted_has_references(experiment->whole.effective_json);
	for (size_t i = 0; i < suite->items_n; i++)
		if (untrusted_has_references(suite->items[i].experiment->whole.effective_json))
			return true;
	return untrusted_has_references(suite->effective_json);
}

static bool
check_secrets_stay(const struct submission *submission, const struct plan_experiment *experiment,
	const struct plan_suite *suite, struct error *err)
{
	for (size_t i = 0; i < submission->settings_n; i++)
		if (!is_harmless(submission->settings[i]) && has_secrets(experiment, suite))
			return error_set(err,
				"set %.*s: this profile refers to secrets, which go to its own target alone; what may be "
				"set is how much is asked of it, such as load.steady.rate",
				(int)strcspn(submission->settings[i], "="), submission->settings[i]);
	return true;
}

static bool
check_profile(struct submission *submission, const struct plan_setting *settings, const struct submission_terms *terms,
	struct error *err)
{
	struct plan_experiment *experiment;
	struct plan_suite *suite;

	if (!submission_is_name(submission->profile))
		return error_set(err, "'%.80s' is no name of a profile", submission->profile);
	if (terms->profiles == NULL)
		return error_set(err, "the operator has named no directory of profiles (`profiles:` in brunt.yaml)");
	submission->path = arena_printf(&submission->arena, "%s/%s.yaml", terms->profiles, submission->profile);
	submission->is_unknown = access(submission->path, F_OK) != 0;
	if (submission->is_unknown)
		return error_set(err, "the operator has no profile '%s'", submission->profile);
	if (!suite_load_any(
		    submission->path, settings, submission->settings_n, terms->tables, &suite, &experiment, err))
		return false;
	bool is_fine = check_secrets_stay(submission, experiment, suite, err) &&
		       admit(submission, terms, experiment, suite, err) &&
		       (suite != NULL ? describe_suite(submission, suite, err) : describe(submission, experiment, err));

	experiment_free(experiment);
	suite_free(suite);
	return is_fine;
}

bool
submission_check(struct submission *submission, const struct submission_terms *terms, struct error *err)
{
	struct plan_setting settings[SUBMISSION_SETTINGS_MAX] = {0};

	CHECK((submission->profile == NULL) != (submission->text == NULL));
	settings_of(submission, settings);
	if (!sharing_is_sound(&submission->sharing, err) || !check_settings(submission, settings, err))
		return false;
	return submission->text != NULL ? check_text(submission, settings, terms, err)
					: check_profile(submission, settings, terms, err);
}

const char *
submission_targets_text(const struct submission *submission, char *into, size_t size)
{
	size_t length = 0;

	into[0] = '\0';
	for (size_t i = 0; i < submission->targets_n && length < size; i++)
		length += (size_t)snprintf(
			into + length, size - length, "%s%s", i > 0 ? ", " : "", submission->targets[i]);
	return into;
}
