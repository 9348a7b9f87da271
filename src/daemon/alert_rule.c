#include "daemon/alert_rule.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/order.h"
#include "base/units.h"
#include "plan/names.h"
#include "plan/scrape.h"

const char *const alert_severity_names[] = {"info", "warning", "critical", NULL};

#define FOR_MAX_NS (7 * 86400 * NS_PER_S)
#define COOLDOWN_MAX_NS (30 * 86400 * NS_PER_S)
#define SHIPPED_COOLDOWN_NS (600 * NS_PER_S)
#define SIGMA_PER_MAD 1.4826 /* of normal values */

static const struct word_row {
	const char *name, *sentence;
} words[ALERT_WORDS_N] = {
#define ALERT_WORD(NAME, name, holds, sentence) [ALERT_WORD_##NAME] = {#name, sentence},
#include "daemon/alert_word.def"
#undef ALERT_WORD
};

enum shipped_kind { SHIPPED_WHEN, SHIPPED_UNLESS, SHIPPED_WHEN_RUN, SHIPPED_UNLESS_RUN, SHIPPED_ON, SHIPPED_UNUSUAL };

static const struct shipped_row {
	const char *name;
	bool is_default;
	enum alert_severity severity;
	enum shipped_kind kind;
	const char *what;
	int64_t for_s;
	double rises;
	const char *text;
} shipped[] = {
#define SHIPPED(name, there, severity, kind, what, for_s, rises, text)                                                 \
	{name, there, ALERT_##severity, SHIPPED_##kind, what, for_s, rises, text},
#include "daemon/alert_shipped.def"
#undef SHIPPED
};

struct alert_rules {
	struct alert_rule list[ALERT_RULES_MAX];
	size_t n;
	struct arena arena;
};

struct alert_rules *
alert_rules_new(void)
{
	struct alert_rules *rules = must_alloc(sizeof(*rules));

	arena_init(&rules->arena);
	return rules;
}

void
alert_rules_free(struct alert_rules *rules)
{
	if (rules == NULL)
		return;
	arena_fini(&rules->arena);
	free(rules);
}

size_t
alert_rules_count(const struct alert_rules *rules)
{
	return rules->n;
}

const struct alert_rule *
alert_rules_at(const struct alert_rules *rules, size_t i)
{
	CHECK_OP(i, <, rules->n);
	return &rules->list[i];
}

const struct alert_rule *
alert_rules_find(const struct alert_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->list[i].wish.name, name) == 0)
			return &rules->list[i];
	return NULL;
}

static const char *
kept(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

static struct plan_list
kept_list(struct arena *arena, const struct plan_list *list)
{
	const char *const *items = list->items;
	const char **own = arena_alloc(arena, (list->n + 1) * sizeof(*own));

	for (size_t i = 0; i < list->n; i++)
		own[i] = arena_strdup(arena, items[i]);
	return (struct plan_list){.items = own, .n = list->n};
}

/* Nobody knows here what will be scraped: any name of it is a number. */
static const struct plan_metric *const *
metrics_of_moment(struct arena *arena, const char *text)
{
	static const size_t room = MOMENT_FIGURES_N + 2;
	const char *name = text + strspn(text, " ");
	const struct plan_metric **metrics;
	struct plan_metric *own;

	if (strncmp(name, SCRAPED_PREFIX, strlen(SCRAPED_PREFIX)) != 0)
		return moment_metrics;
	own = arena_alloc(arena, sizeof(*own));
	own->name = arena_strndup(arena, name, strcspn(name, " <>="));
	own->unit = UNIT_COUNT;
	metrics = arena_alloc(arena, room * sizeof(*metrics));
	memcpy(metrics, moment_metrics, sizeof(moment_metrics));
	metrics[MOMENT_FIGURES_N] = own;
	return metrics;
}

static bool
set_expr(struct alert_rule *rule, struct arena *arena, struct error *err)
{
	const struct alert_wish *wish = &rule->wish;
	const char *text = wish->when != NULL ? wish->when : wish->unless;
	const struct plan_metric *const *metrics = wish->is_over_run ? history_metrics : metrics_of_moment(arena, text);
	struct error why = {0};

	rule->kind = wish->is_over_run ? ALERT_OF_RUN : ALERT_OF_MOMENT;
	if (wish->is_over_run && wish->for_ns > 0)
		return error_set(err, "for: a run that ended is looked at once; leave it out");
	if (wish->rises > 0 && (wish->when == NULL || wish->is_over_run))
		return error_set(err, "rises: it goes with 'when' over the intervals of a run");
	if (!expr_parse(text, metrics, NULL, 0, arena, &rule->expr, &why))
		return error_set(err, "%s: %s", wish->when != NULL ? "when" : "unless", why.message);
	return rule->expr.of == EXPR_OF_RUN ||
	       error_set(err, "an alert is about one run, which has no arms to compare");
}

static bool
set_words(struct alert_rule *rule, struct error *err)
{
	const char *const *items = rule->wish.on.items;
	struct names names = {.n = 0};
	char advice[768];

	rule->kind = ALERT_OF_WORDS;
	for (size_t i = 0; i < ALERT_WORDS_N; i++)
		names_add(&names, words[i].name);
	for (size_t i = 0; i < rule->wish.on.n; i++) {
		size_t k = 0;

		while (k < ALERT_WORDS_N && strcmp(words[k].name, items[i]) != 0)
			k++;
		if (k == ALERT_WORDS_N)
			return error_set(err, "on: '%.60s' is nothing that a run can be%s", items[i],
				names_advice(&names, items[i], advice, sizeof(advice)));
		rule->words |= BIT(k);
	}
	return true;
}

static bool
set_unusual(struct alert_rule *rule, struct arena *arena, struct error *err)
{
	struct error why = {0};

	rule->kind = ALERT_OF_UNUSUAL;
	return expr_parse_measure(rule->wish.unusual, history_metrics, NULL, 0, arena, &rule->expr, &why) ||
	       error_set(err, "unusual: %s", why.message);
}

static bool
set_what(struct alert_rule *rule, struct arena *arena, struct error *err)
{
	const struct alert_wish *wish = &rule->wish;

	if ((wish->when != NULL) + (wish->unless != NULL) + (wish->unusual != NULL) + (wish->on.n > 0) != 1)
		return error_set(err, "write one of when: 'p95 > 1s', unless: 'cpu < 80%%', on: [fail, regression] and "
				      "unusual: power.avg");
	if (wish->for_ns < 0 || wish->for_ns > FOR_MAX_NS)
		return error_set(err, "for: write a time of up to 7 days (168h)");
	if (wish->cooldown_ns < 0 || wish->cooldown_ns > COOLDOWN_MAX_NS)
		return error_set(err, "cooldown: write a time of up to 30 days (720h)");
	if (wish->when != NULL || wish->unless != NULL)
		return set_expr(rule, arena, err);
	if (wish->for_ns > 0 || wish->rises > 0)
		return error_set(err, "for and rises go with 'when' over the intervals of a run; leave them out");
	return wish->on.n > 0 ? set_words(rule, err) : set_unusual(rule, arena, err);
}

bool
alert_rules_add(struct alert_rules *rules, const struct alert_wish *wish, struct error *err)
{
	struct arena *arena = &rules->arena;
	struct alert_rule rule = {.wish = *wish, .terms = {wish->for_ns, wish->cooldown_ns}};

	if (wish->name == NULL || wish->name[0] == '\0' || strlen(wish->name) > ALERT_NAME_MAX)
		return error_set(err, "name: write up to %d characters", ALERT_NAME_MAX);
	if (alert_rules_find(rules, wish->name) != NULL)
		return error_set(err, "there is a rule '%s' already", wish->name);
	if (rules->n == ALERT_RULES_MAX)
		return error_set(err, "there are %d rules already, and no room for more", ALERT_RULES_MAX);
	rule.wish.name = kept(arena, wish->name);
	rule.wish.when = kept(arena, wish->when);
	rule.wish.unless = kept(arena, wish->unless);
	rule.wish.unusual = kept(arena, wish->unusual);
	rule.wish.text = kept(arena, wish->text);
	rule.wish.on = kept_list(arena, &wish->on);
	rule.wish.profiles = kept_list(arena, &wish->profiles);
	rule.wish.sinks = kept_list(arena, &wish->sinks);
	if (!set_what(&rule, arena, err))
		return false;
	rules->list[rules->n++] = rule;
	return true;
}

static void
add_shipped(struct alert_rules *rules, const struct shipped_row *row)
{
	struct alert_wish wish = {.name = row->name,
		.severity = row->severity,
		.for_ns = row->for_s * NS_PER_S,
		.cooldown_ns = SHIPPED_COOLDOWN_NS,
		.rises = row->rises,
		.text = row->text,
		.is_over_run = row->kind == SHIPPED_WHEN_RUN || row->kind == SHIPPED_UNLESS_RUN};
	const char *on[ALERT_WORDS_N];
	struct error err = {0};

	switch (row->kind) {
	case SHIPPED_WHEN:
	case SHIPPED_WHEN_RUN: wish.when = row->what; break;
	case SHIPPED_UNLESS:
	case SHIPPED_UNLESS_RUN: wish.unless = row->what; break;
	case SHIPPED_UNUSUAL: wish.unusual = row->what; break;
	case SHIPPED_ON:
		for (const char *at = row->what; *at != '\0'; at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ')) {
			CHECK_OP(wish.on.n, <, ALERT_WORDS_N);
			on[wish.on.n++] = arena_strndup(&rules->arena, at, strcspn(at, " "));
		}
		wish.on.items = on;
		break;
	}
	if (!alert_rules_add(rules, &wish, &err))
		CHECK(!"a row of alert_shipped.def that is right");
}

bool
alert_rules_add_shipped(struct alert_rules *rules, const char *const *names, size_t n, struct error *err)
{
	struct names known = {.n = 0};
	char advice[768];

	for (size_t i = 0; i < ARRAY_LEN(shipped); i++)
		names_add(&known, shipped[i].name);
	for (size_t i = 0; names == NULL && i < ARRAY_LEN(shipped); i++)
		if (shipped[i].is_default && alert_rules_find(rules, shipped[i].name) == NULL)
			add_shipped(rules, &shipped[i]);
	for (size_t i = 0; names != NULL && i < n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(shipped) && strcmp(shipped[k].name, names[i]) != 0)
			k++;
		if (k == ARRAY_LEN(shipped))
			return error_set(err, "shipped: '%.60s' is no rule that brunt brings along%s", names[i],
				names_advice(&known, names[i], advice, sizeof(advice)));
		if (alert_rules_find(rules, names[i]) == NULL)
			add_shipped(rules, &shipped[k]);
	}
	return true;
}

bool
alert_rule_is_of(const struct alert_rule *rule, const char *run_name)
{
	const char *const *patterns = rule->wish.profiles.items;

	for (size_t i = 0; i < rule->wish.profiles.n; i++)
		if (fnmatch(patterns[i], run_name, 0) == 0)
			return true;
	return rule->wish.profiles.n == 0;
}

bool
alert_rule_has_sink(const struct alert_rule *rule, const char *sink)
{
	const char *const *names = rule->wish.sinks.items;

	for (size_t i = 0; i < rule->wish.sinks.n; i++)
		if (strcmp(names[i], sink) == 0)
			return true;
	return rule->wish.sinks.n == 0;
}

static void
see_expr(const struct alert_rule *rule, double value, struct alert_sight *sight)
{
	const struct expr *expr = &rule->expr;
	char shown[64];
	bool is_unless = rule->wish.unless != NULL;

	sight->value = value;
	sight->threshold = is_unless && expr->op == EXPR_IN && value > expr->value ? expr->value_to : expr->value;
	sight->seen = isnan(value)                            ? ALERT_UNKNOWN
		      : expr_holds(expr, value) == !is_unless ? ALERT_HOLDS
							      : ALERT_HOLDS_NOT;
	snprintf(sight->text, sizeof(sight->text), "%s is %.60s (%s%.120s)", expr->metric->name,
		expr_value_text(expr->metric->unit, value, shown, sizeof(shown)), is_unless ? "wanted: " : "",
		expr->text);
}

void
alert_rule_see_moment(const struct alert_rule *rule, const struct moment *moment, struct alert_sight *sight)
{
	CHECK(rule->kind == ALERT_OF_MOMENT);
	see_expr(rule, moment_value(moment, rule->expr.metric), sight);
}

/* Of a run that passed nothing was wrong. */
static bool
has_mode(const struct history_run *run, enum failure_mode mode)
{
	return run->status != VERDICT_PASS && (run->modes & BIT(mode)) != 0;
}

static bool
word_holds(enum alert_word word, const struct history_run *run)
{
	switch (word) {
#define ALERT_WORD(NAME, name, holds, sentence)                                                                        \
	case ALERT_WORD_##NAME:                                                                                        \
		return holds;
#include "daemon/alert_word.def"
#undef ALERT_WORD
	case ALERT_WORDS_N: break;
	}
	return false;
}

/* The first of the words that is true leads the sentence. */
static void
see_words(const struct alert_rule *rule, const struct history_run *run, struct alert_sight *sight)
{
	sight->seen = ALERT_HOLDS_NOT;
	for (int i = 0; i < ALERT_WORDS_N && sight->seen != ALERT_HOLDS; i++) {
		if ((rule->words & BIT(i)) == 0 || !word_holds((enum alert_word)i, run))
			continue;
		sight->seen = ALERT_HOLDS;
		snprintf(sight->text, sizeof(sight->text), "%s%s%.160s", words[i].sentence,
			run->reason[0] != '\0' ? ": " : "", run->reason);
	}
}

static double
median_of(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), order_by_value);
	return order_median(values, n);
}

static void
see_unusual(const struct alert_rule *rule, double value, const double *before, size_t n, struct alert_sight *sight)
{
	double kept_values[UNUSUAL_RUNS_MAX], usual, spread;
	char shown[64], was[64];

	sight->value = value;
	sight->seen = ALERT_UNKNOWN;
	if (isnan(value) || n < UNUSUAL_RUNS_MIN)
		return;
	n = n > UNUSUAL_RUNS_MAX ? UNUSUAL_RUNS_MAX : n;
	memcpy(kept_values, before, n * sizeof(*before));
	usual = median_of(kept_values, n);
	for (size_t i = 0; i < n; i++)
		kept_values[i] = fabs(kept_values[i] - usual);
	spread = SIGMA_PER_MAD * median_of(kept_values, n);
	sight->threshold = usual;
	bool is_far = fabs(value - usual) > UNUSUAL_SCORE * spread && fabs(value - usual) > UNUSUAL_SHARE * fabs(usual);

	sight->seen = is_far ? ALERT_HOLDS : ALERT_HOLDS_NOT;
	snprintf(sight->text, sizeof(sight->text), "%s is %.60s; in the %zu runs before it was %.60s",
		rule->wish.unusual, expr_value_text(rule->expr.metric->unit, value, shown, sizeof(shown)), n,
		expr_value_text(rule->expr.metric->unit, usual, was, sizeof(was)));
}

void
alert_rule_see_run(const struct alert_rule *rule, const struct history_run *run, const double *before, size_t n,
	struct alert_sight *sight)
{
	*sight = (struct alert_sight){.seen = ALERT_UNKNOWN, .value = NAN, .threshold = NAN};
	switch (rule->kind) {
	case ALERT_OF_RUN: see_expr(rule, run->figures[history_of_metric(rule->expr.metric)], sight); break;
	case ALERT_OF_WORDS: see_words(rule, run, sight); break;
	case ALERT_OF_UNUSUAL:
		see_unusual(rule, run->figures[history_of_metric(rule->expr.metric)], before, n, sight);
		break;
	case ALERT_OF_MOMENT: CHECK(!"a rule about runs that ended");
	}
}
