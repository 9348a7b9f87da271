#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "plan/rows.h"
#include "plan/scalar.h"

#define TABLES_CEILING 32

/* The reference, as plain text or Markdown, from the rows alone. */
struct help {
	struct buf *into;
	const struct plan_tables *tables;
	bool is_markdown;
	const struct plan_key *shown[TABLES_CEILING]; /* load and requests are reached twice and shown once */
	size_t shown_n;
};

/* A bound beyond this is there for the arithmetic and tells a reader nothing. */
#define BOUND_WORTH_SHOWING 1e12

static const char *
short_type(enum plan_type type)
{
	static const char *const names[] = {
		[PLAN_LEVEL] = "rate or users",
		[PLAN_RATE] = "rate",
		[PLAN_TIME] = "time",
		[PLAN_RATIO] = "share",
		[PLAN_BYTES] = "size",
		[PLAN_COUNT] = "count",
		[PLAN_NUMBER] = "number",
		[PLAN_BOOL] = "true or false",
		[PLAN_TEXT] = "text",
		[PLAN_SECTION] = "map",
		[PLAN_LIST] = "list",
		[PLAN_TEXTS] = "list of texts",
		[PLAN_PAIRS] = "map of texts",
	};

	return names[type];
}

/* "time, 1ms to 1h", "lifo, round_robin" */
static const char *
takes(const struct plan_key *key, char *into, size_t size)
{
	char least[64], most[64];

	if (key->type == PLAN_CHOICE) {
		into[0] = '\0';
		for (size_t i = 0; key->choices[i] != NULL; i++) {
			size_t used = strlen(into);

			snprintf(into + used, size - used, "%s%s", i ? " or " : "", key->choices[i]);
		}
		return into;
	}
	if (key->type == PLAN_CUSTOM)
		snprintf(into, size, "%s", scalar_form(key));
	else if (strcmp(key->name, "users") == 0)
		snprintf(into, size, "count");
	else if (key->max > 0 && (key->type == PLAN_TIME || key->max < BOUND_WORTH_SHOWING))
		snprintf(into, size, "%s, %s to %s", short_type(key->type),
			scalar_text(key->type, key->min, least, sizeof(least)),
			scalar_text(key->type, key->max, most, sizeof(most)));
	else if (key->min > 0)
		snprintf(into, size, "%s, at least %s", short_type(key->type),
			scalar_text(key->type, key->min, least, sizeof(least)));
	else
		snprintf(into, size, "%s", short_type(key->type));
	return into;
}

static const char *
default_of(const struct plan_key *key)
{
	return key->default_text == NULL ? "required" : key->default_text;
}

static void
heading(struct help *h, const char *title, const char *sentence)
{
	if (h->is_markdown)
		buf_printf(h->into, "\n## %s\n", title);
	else
		buf_printf(h->into, "\n%s\n", title);
	if (sentence[0] != '\0')
		buf_printf(h->into, h->is_markdown ? "\n%s\n" : "  %s\n", sentence);
}

static void
columns(struct help *h, const char *a, const char *b, const char *c, const char *d)
{
	buf_printf(h->into, "\n| %s | %s | %s | %s |\n|---|---|---|---|\n", a, b, c, d);
}

static void
rows(struct help *h, const struct plan_key *keys)
{
	char form[256];

	if (h->is_markdown)
		columns(h, "key", "takes", "default", "what it is");
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++) {
		const char *otherwise = default_of(keys);

		takes(keys, form, sizeof(form));
		if (h->is_markdown)
			buf_printf(h->into, "| `%s` | %s | %s | %s |\n", keys->name, form, otherwise, keys->help);
		else
			buf_printf(h->into, "  %-24s %s%s%s%s\n  %-24s %s\n", keys->name, form,
				otherwise[0] ? " [" : "", otherwise, otherwise[0] ? "]" : "", "", keys->help);
	}
}

static bool
show_once(struct help *h, const struct plan_key *keys)
{
	for (size_t i = 0; i < h->shown_n; i++)
		if (h->shown[i] == keys)
			return false;
	if (h->shown_n < TABLES_CEILING)
		h->shown[h->shown_n++] = keys;
	return true;
}

/* One table, and after it those of the sections in it. */
static void
section(struct help *h, const char *path, const char *sentence, const struct plan_key *keys)
{
	char inner[128];

	if (!show_once(h, keys))
		return;
	heading(h, path[0] ? path : "Top level", sentence);
	rows(h, keys);
	for (; keys->type != PLAN_KEYS_END_TYPE; keys++) {
		if (keys->keys == NULL)
			continue;
		bool is_list = keys->type == PLAN_CUSTOM && keys->keys != load_keys;

		snprintf(inner, sizeof(inner), "%s%s%s%s", path, path[0] ? "." : "", keys->name, is_list ? "[]" : "");
		section(h, inner, keys->help, keys->keys);
	}
}

/* A value that a row of this type takes, for examples. */
static const char *
sample(const struct plan_key *key)
{
	if (strcmp(key->name, "users") == 0)
		return "10";
	switch (key->type) {
	case PLAN_LEVEL:
	case PLAN_RATE: return "50/s";
	case PLAN_TIME: return "30s";
	case PLAN_RATIO: return "10%";
	case PLAN_BYTES: return "64KiB";
	case PLAN_COUNT:
	case PLAN_NUMBER: return "10";
	case PLAN_BOOL: return "true";
	case PLAN_CHOICE: return key->choices[0];
	default: return "...";
	}
}

static void
example(struct help *h, const struct plan_choice *shape)
{
	const char *separator = "";

	buf_printf(h->into, h->is_markdown ? "\n```yaml\nload: {%s: " : "  load: {%s: ", shape->name);
	if (shape->example != NULL)
		buf_add_text(h->into, shape->example);
	else {
		buf_add_char(h->into, '{');
		for (const struct plan_key *key = shape->keys; key->type != PLAN_KEYS_END_TYPE; key++)
			if (key->default_text == NULL) {
				buf_printf(h->into, "%s%s: %s", separator, key->name, sample(key));
				separator = ", ";
			}
		buf_add_char(h->into, '}');
	}
	buf_add_text(h->into, h->is_markdown ? "}\n```\n" : "}\n");
}

static void
shapes(struct help *h)
{
	char title[128];

	for (size_t i = 0; h->tables->shapes[i] != NULL; i++) {
		const struct plan_choice *shape = h->tables->shapes[i];

		snprintf(title, sizeof(title), "load.%s", shape->name);
		heading(h, title, shape->help);
		example(h, shape);
		if (shape->keys[0].type != PLAN_KEYS_END_TYPE)
			rows(h, shape->keys);
	}
}

static void
choices(struct help *h, const char *title, const char *sentence, const struct plan_choice *const *list)
{
	heading(h, title, sentence);
	if (h->is_markdown)
		buf_add_text(h->into, "\n| name | what it does |\n|---|---|\n");
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		buf_printf(h->into, h->is_markdown ? "| `%s` | %s |\n" : "  %-24s %s\n", list[i]->name, list[i]->help);
}

static void
metrics(struct help *h)
{

	heading(h, "Metrics",
		"In slo, abort_when and break_when: METRIC < VALUE, also <=, >, >= and 'in A..B', with '(stretch "
		"VALUE)' after it where a better value is hoped for. A distribution wants .p50 ... .p99.99, .mean, .min, "
		".max or .stddev, and 'response' may be left out: p95 <= 550ms. A gauge wants .avg, .peak or .last; what "
		"is scraped is scraped.NAME.avg, .max, .min or .last. In slo and break_when, those marked so may be of "
		"one request: buy.p99 < 1s.");
	if (h->is_markdown)
		columns(h, "metric", "kind", "per request", "what it is");
	for (size_t i = 0; h->tables->metrics[i] != NULL; i++) {
		const struct plan_metric *m = h->tables->metrics[i];
		const char *kind = m->stats == STAT_DISTRIBUTION ? ", distribution"
				   : m->stats == STAT_GAUGE      ? ", gauge"
								 : "";

		if (h->is_markdown)
			buf_printf(h->into, "| `%s` | %s%s | %s | %s |\n", m->name, unit_rows[m->unit].kind, kind,
				m->is_per_request ? "yes" : "no", m->help);
		else
			buf_printf(h->into, "  %-24s %s%s%s\n  %-24s %s\n", m->name, unit_rows[m->unit].kind, kind,
				m->is_per_request ? ", per request" : "", "", m->help);
	}
}

static void
forms(struct help *h)
{
	static const enum plan_type types[] = {PLAN_RATE, PLAN_LEVEL, PLAN_TIME, PLAN_RATIO, PLAN_BYTES, PLAN_COUNT};

	heading(h, "How values are written",
		"${env:NAME} and ${file:PATH} stand for a variable of the environment and a file's text; results show "
		"them as they "
		"are written here, so that secrets stay where they are. --set KEY=VALUE changes any key for one run: "
		"--set "
		"load.steps.to=500/s, --set requests.buy.weight=3, --set slo[0]='p95 < 1s'.");
	if (h->is_markdown)
		buf_add_text(h->into, "\n| type | what it looks like |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct plan_key key = {.type = types[i]};

		buf_printf(h->into, h->is_markdown ? "| %s | %s |\n" : "  %-24s %s\n", short_type(types[i]),
			scalar_form(&key));
	}
}

static void
help(struct help *h)
{
	section(h, "", "", profile_keys);
	shapes(h);
	choices(h, "target.http", "versions of HTTP", h->tables->protocols);
	choices(h, "requests[].read", "readers of a response's body", h->tables->readers);
	choices(h, "output.formats", "reports in the results directory", h->tables->formats);
	metrics(h);
	forms(h);
}

void
plan_help_keys(struct buf *into, const struct plan_key *keys)
{
	struct help h = {.into = into};

	section(&h, "", "", keys);
}

void
plan_help_text(struct buf *into, const struct plan_tables *tables)
{
	struct help h = {.into = into, .tables = tables};

	buf_add_text(into, "A profile is a YAML file. Every key, what it takes, [its default], and what it is:\n");
	help(&h);
}

void
plan_help_markdown(struct buf *into, const struct plan_tables *tables)
{
	struct help h = {.into = into, .tables = tables, .is_markdown = true};

	buf_add_text(into, "# Profiles\n\nEvery key of a profile. Made by `brunt help profile --markdown` from the "
			   "tables that the "
			   "parser reads, so it is never behind.\n");
	help(&h);
}
