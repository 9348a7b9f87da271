#include "plan/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "plan/names.h"
#include "plan/scrape.h"

#define DEFAULT_METRIC "response"

struct parser {
	const char *text; /* the whole expression */
	const char *rest;
	const char *left; /* what is measured, as written */
	const struct plan_metric *const *metrics;
	const char *const *requests;
	size_t requests_n;
	struct arena *arena;
	struct error *err;
};

/* False, so that a check reads `return refuse(…)`. */
__attribute__((format(printf, 2, 3))) static bool
refuse(const struct parser *p, const char *format, ...)
{
	char message[sizeof(p->err->message)];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	error_set(p->err, "%s", message);
	return false;
}

static void
skip_spaces(struct parser *p)
{
	while (*p->rest == ' ')
		p->rest++;
}

/* p50, p99.9; p999 and p9999 as result.json writes them. */
static bool
percentile_parse(const char *text, double *quantile)
{
	if (text[0] != 'p' || !isdigit((unsigned char)text[1]) || strspn(text + 1, "0123456789.") != strlen(text + 1))
		return false;
	char *end;
	double percent = strtod(text + 1, &end);

	if (*end != '\0')
		return false;
	if (strcmp(text, "p999") == 0 || strcmp(text, "p9999") == 0)
		percent = strcmp(text, "p999") == 0 ? 99.9 : 99.99;
	*quantile = percent / 100;
	return percent > 0 && percent < 100;
}

static bool
stat_parse(const char *text, const struct plan_metric *metric, struct expr *into)
{
	static const struct {
		const char *name;
		enum expr_stat stat;
		int of;
	} stats[] = {
		{"mean", EXPR_MEAN, STAT_DISTRIBUTION},
		{"min", EXPR_MIN, STAT_DISTRIBUTION},
		{"max", EXPR_MAX, STAT_DISTRIBUTION},
		{"stddev", EXPR_STDDEV, STAT_DISTRIBUTION},
		{"avg", EXPR_AVG, STAT_GAUGE},
		{"peak", EXPR_PEAK, STAT_GAUGE},
		{"last", EXPR_LAST, STAT_GAUGE},
		{"avg", EXPR_AVG, STAT_SCRAPED},
		{"max", EXPR_PEAK, STAT_SCRAPED},
		{"min", EXPR_MIN, STAT_SCRAPED},
		{"last", EXPR_LAST, STAT_SCRAPED},
	};

	if (metric->stats == STAT_DISTRIBUTION && percentile_parse(text, &into->quantile)) {
		into->stat = EXPR_PERCENTILE;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(stats); i++)
		if ((int)metric->stats == stats[i].of && strcmp(text, stats[i].name) == 0) {
			into->stat = stats[i].stat;
			return true;
		}
	return false;
}

static const struct plan_metric *
find_metric(const struct parser *p, const char *name, size_t length)
{
	for (size_t i = 0; p->metrics[i] != NULL; i++)
		if (strlen(p->metrics[i]->name) == length && strncmp(p->metrics[i]->name, name, length) == 0)
			return p->metrics[i];
	return NULL;
}

/* Where the name of the metric ends: at its first dot, or where it is scraped at the second. */
static size_t
metric_length(const char *name)
{
	size_t prefix = strlen(SCRAPED_PREFIX);

	return strncmp(name, SCRAPED_PREFIX, prefix) == 0 ? prefix + strcspn(name + prefix, ".") : strcspn(name, ".");
}

/* METRIC, METRIC.STAT, or STAT alone, which is response's. The metric is set wherever it is known, for the messages. */
static bool
measure_parse(const struct parser *p, const char *name, struct expr *into)
{
	size_t length = metric_length(name);
	const struct plan_metric *metric = find_metric(p, name, strlen(name));

	if (metric != NULL && metric->stats == STAT_NONE) {
		into->metric = metric;
		into->stat = EXPR_VALUE;
		return true;
	}
	into->metric = find_metric(p, name, length);
	if (into->metric != NULL && into->metric->stats != STAT_NONE)
		return name[length] == '.' && stat_parse(name + length + 1, into->metric, into);
	metric = find_metric(p, DEFAULT_METRIC, strlen(DEFAULT_METRIC));
	if (into->metric != NULL || metric == NULL || !stat_parse(name, metric, into))
		return false;
	into->metric = metric;
	return true;
}

static bool
unknown_scraped(const struct parser *p, const char *name)
{
	struct names names = {.n = 0};
	char advice[768];
	size_t prefix = strlen(SCRAPED_PREFIX);
	const char *wanted = arena_strndup(p->arena, name + prefix, metric_length(name) - prefix);

	for (size_t i = 0; p->metrics[i] != NULL; i++)
		if (p->metrics[i]->scraped != NULL)
			names_add(&names, p->metrics[i]->name + prefix);
	if (names.n == 0)
		return refuse(p, "'%.80s': nothing is scraped; add 'scrape' with its url and metrics", name);
	return refuse(p, "'%.80s': nothing of that name is scraped%s", name,
		names_advice(&names, wanted, advice, sizeof(advice)));
}

static bool
unknown_measure(const struct parser *p, const char *name, const struct expr *tried)
{
	struct names names = {.n = 0};
	char advice[768];

	if (strchr(name, '(') != NULL)
		return refuse(p, "'%.80s': what two arms are compared by is improvement(p95) or speedup(p95)", name);
	if (tried->metric != NULL && tried->metric->stats != STAT_NONE)
		return refuse(p, "'%.80s' does not say which value of %s; write %s.%s", name, tried->metric->name,
			tried->metric->name,
			tried->metric->stats == STAT_GAUGE     ? "avg, .peak or .last"
			: tried->metric->stats == STAT_SCRAPED ? "avg, .max, .min or .last"
							       : "p95, .p99, .mean, .min, .max or .stddev");
	if (strncmp(name, SCRAPED_PREFIX, strlen(SCRAPED_PREFIX)) == 0)
		return unknown_scraped(p, name);
	for (size_t i = 0; p->metrics[i] != NULL; i++)
		names_add(&names, p->metrics[i]->name);
	for (size_t i = 0; i < p->requests_n; i++)
		names_add(&names, p->requests[i]);
	const char *nearest = names_nearest(&names, arena_strndup(p->arena, name, strcspn(name, ".")));

	if (nearest != NULL)
		return refuse(
			p, "'%.80s' is no metric; did you mean '%s%.40s'?", name, nearest, name + strcspn(name, "."));
	names.n -= p->requests_n < names.n ? p->requests_n : 0;
	return refuse(p, "'%.80s' is no metric%s", name, names_advice(&names, name, advice, sizeof(advice)));
}

/* What is measured: as it stands, or of one request where the name begins with a request's. Names may hold dots. */
static bool
name_parse(const struct parser *p, const char *name, struct expr *into)
{
	struct expr tried = {.request = -1};

	if (measure_parse(p, name, &tried)) {
		*into = tried;
		return true;
	}
	for (size_t i = 0; i < p->requests_n; i++) {
		size_t length = strlen(p->requests[i]);
		struct expr of_request = {.request = (int)i};

		if (strncmp(name, p->requests[i], length) != 0 || name[length] != '.')
			continue;
		if (!measure_parse(p, name + length + 1, &of_request)) {
			tried = of_request;
			continue;
		}
		*into = of_request;
		return into->metric->is_per_request ||
		       refuse(p, "'%.80s': %s is of the whole run, not of one request; write '%.80s'", name,
			       into->metric->name, name + length + 1);
	}
	unknown_measure(p, name, &tried);
	return false;
}

static const struct function {
	const char *name; /* with its parenthesis */
	enum expr_of of;
} functions[] = {{"improvement(", EXPR_IMPROVEMENT}, {"speedup(", EXPR_SPEEDUP}};

static const char *
trimmed(struct parser *p, const char *text, size_t length)
{
	while (length > 0 && *text == ' ') {
		text++;
		length--;
	}
	while (length > 0 && text[length - 1] == ' ')
		length--;
	return arena_strndup(p->arena, text, length);
}

/* After "improvement(": MEASURE) or MEASURE, ARM). */
static bool
function_parse(struct parser *p, enum expr_of of, const char *name, struct expr *into)
{
	const char *inner = p->rest + strlen(name);
	size_t length = strcspn(inner, ")"), comma = strcspn(inner, ",)");
	const char *arm = comma < length ? trimmed(p, inner + comma + 1, length - comma - 1) : NULL;

	if (inner[length] == '\0')
		return refuse(p, "'%.200s': the '(' is not closed; write %sp95)", p->text, name);
	if (arm != NULL && arm[0] == '\0')
		return refuse(p, "'%.200s': after the comma comes the name of an arm", p->text);
	p->left = arena_strndup(p->arena, p->rest, strlen(name) + length + 1);
	if (!name_parse(p, trimmed(p, inner, comma), into))
		return false;
	into->of = of;
	into->arm = arm;
	p->rest = inner + length + 1;
	return true;
}

static bool
left_parse(struct parser *p, struct expr *into)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strncmp(p->rest, functions[i].name, strlen(functions[i].name)) == 0)
			return function_parse(p, functions[i].of, functions[i].name, into);
	p->left = arena_strndup(p->arena, p->rest, strcspn(p->rest, " <>=!"));
	p->rest += strlen(p->left);
	if (p->left[0] == '\0')
		return refuse(p, "'%.200s' is no expression; write one such as 'p95 <= 550ms'", p->text);
	return name_parse(p, p->left, into);
}

static bool
operator_parse(struct parser *p, enum expr_op *op)
{
	static const struct {
		const char *text;
		enum expr_op op;
	} ops[] = {{"<=", EXPR_LE}, {">=", EXPR_GE}, {"<", EXPR_LT}, {">", EXPR_GT}, {"in ", EXPR_IN}};

	skip_spaces(p);
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (strncmp(p->rest, ops[i].text, strlen(ops[i].text)) == 0) {
			p->rest += strlen(ops[i].text);
			*op = ops[i].op;
			skip_spaces(p);
			return true;
		}
	return refuse(p, "'%.200s': after what is measured comes <, <=, >, >= or 'in A..B'", p->text);
}

/* 2, 2.5, 2x */
static bool
factor_parse(const struct parser *p, const char *text, double *value)
{
	size_t length = strlen(text);
	bool has_x = length > 1 && text[length - 1] == 'x';

	return strchr(text, '%') == NULL && units_parse_ratio(arena_strndup(p->arena, text, length - has_x), value);
}

/* An improvement may be below 0: worse than the baseline. */
static bool
value_parse(struct parser *p, const char *text, const struct expr *expr, double *value)
{
	const struct unit_row *unit = &unit_rows[expr->of == EXPR_IMPROVEMENT ? UNIT_CHANGE : expr->metric->unit];

	if (expr->of == EXPR_SPEEDUP)
		return factor_parse(p, text, value) ||
		       refuse(p, "%.80s: '%.60s' is not a factor such as 2, 2.5 or 2x", p->left, text);
	return unit->parse(text, value) || refuse(p, "%.80s: '%.60s' is not %s", p->left, text, unit->form);
}

/* The next value: up to a space, a parenthesis, ".." or the end. Units may stand after one space. */
static const char *
value_text(struct parser *p)
{
	const char *from = p->rest;
	size_t length = 0;

	while (from[length] != '\0' && from[length] != '(' && from[length] != ')' &&
		strncmp(from + length, "..", 2) != 0)
		length++;
	p->rest += length;
	while (length > 0 && from[length - 1] == ' ')
		length--;
	return arena_strndup(p->arena, from, length);
}

static bool
stretch_parse(struct parser *p, struct expr *into)
{
	if (strncmp(p->rest, "(stretch ", 9) != 0)
		return refuse(p, "'%.200s': after the value may come '(stretch VALUE)', and nothing else", p->text);
	p->rest += 9;
	skip_spaces(p);
	if (!value_parse(p, value_text(p), into, &into->stretch))
		return false;
	if (strcmp(p->rest, ")") != 0)
		return refuse(p, "'%.200s': the '(stretch ...)' must be closed, and be the last", p->text);
	into->has_stretch = true;
	bool is_upper = into->op == EXPR_LT || into->op == EXPR_LE;

	if (into->op == EXPR_IN)
		return refuse(p, "'%.200s': a range has no stretch goal", p->text);
	if (is_upper ? into->stretch > into->value : into->stretch < into->value)
		return refuse(p, "'%.200s': the stretch goal is easier than the goal itself", p->text);
	return true;
}

static bool
range_end_parse(struct parser *p, struct expr *into)
{
	if (strncmp(p->rest, "..", 2) != 0)
		return refuse(p, "'%.200s': a range has two ends, such as 'in 5%%..15%%'", p->text);
	p->rest += 2;
	skip_spaces(p);
	if (!value_parse(p, value_text(p), into, &into->value_to))
		return false;
	return into->value <= into->value_to || refuse(p, "'%.200s': the range ends before it begins", p->text);
}

bool
expr_parse(const char *text, const struct plan_metric *const *metrics, const char *const *requests, size_t requests_n,
	struct arena *arena, struct expr *into, struct error *err)
{
	struct parser p = {.text = text,
		.rest = text,
		.metrics = metrics,
		.requests = requests,
		.requests_n = requests_n,
		.arena = arena,
		.err = err};
	struct expr expr = {.request = -1};

	skip_spaces(&p);
	if (!left_parse(&p, &expr))
		return false;
	CHECK(expr.metric != NULL);
	if (!operator_parse(&p, &expr.op) || !value_parse(&p, value_text(&p), &expr, &expr.value))
		return false;
	if (expr.op == EXPR_IN && !range_end_parse(&p, &expr))
		return false;
	if (*p.rest != '\0' && !stretch_parse(&p, &expr))
		return false;
	*into = expr;
	into->text = text;
	return true;
}

bool
expr_parse_measure(const char *text, const struct plan_metric *const *metrics, const char *const *requests,
	size_t requests_n, struct arena *arena, struct expr *into, struct error *err)
{
	struct parser p = {.text = text,
		.rest = text,
		.left = text,
		.metrics = metrics,
		.requests = requests,
		.requests_n = requests_n,
		.arena = arena,
		.err = err};

	return name_parse(&p, text, into);
}
