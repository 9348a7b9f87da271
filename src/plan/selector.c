#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "plan/scrape.h"

/* NAME or NAME{LABEL="VALUE",…}, as PromQL selects series. */

#define VALUE_CEILING ((size_t)4096)

struct selector {
	struct arena *arena;
	const char *text, *rest;
	struct plan_scraped *into;
	struct error *err;
};

static void
skip_spaces(struct selector *s)
{
	while (*s->rest == ' ')
		s->rest++;
}

static const char *
take_name(struct selector *s, bool may_have_colons)
{
	const char *from = s->rest;

	while (isalpha((unsigned char)*s->rest) || *s->rest == '_' || (may_have_colons && *s->rest == ':') ||
		(s->rest > from && isdigit((unsigned char)*s->rest)))
		s->rest++;
	return arena_strndup(s->arena, from, (size_t)(s->rest - from));
}

/* Between quotes of either kind. */
static const char *
take_value(struct selector *s)
{
	char quote = *s->rest;
	struct buf value;
	const char *kept = NULL;

	if (quote != '"' && quote != '\'')
		return NULL;
	buf_init(&value, VALUE_CEILING);
	for (s->rest++; *s->rest != '\0' && *s->rest != quote; s->rest++) {
		if (*s->rest == '\\' && s->rest[1] != '\0')
			buf_add_char(&value, *++s->rest == 'n' ? '\n' : *s->rest);
		else
			buf_add_char(&value, *s->rest);
	}
	if (*s->rest == quote && !value.overflowed) {
		s->rest++;
		kept = arena_strndup(s->arena, value.length > 0 ? value.bytes : "", value.length);
	}
	buf_fini(&value);
	return kept;
}

bool
scrape_add_matcher(struct plan_scraped *scraped, const char *name, const char *value, struct error *err)
{
	for (size_t i = 0; i < scraped->matchers_n; i++)
		if (strcmp(scraped->matchers[i].name, name) == 0)
			return error_set(err, "the label '%.80s' is there twice", name);
	if (scraped->matchers_n == SCRAPE_MATCHERS_MAX)
		return error_set(err, "more than %zu labels", SCRAPE_MATCHERS_MAX);
	scraped->matchers[scraped->matchers_n++] = (struct plan_matcher){name, value};
	return true;
}

static bool
take_matcher(struct selector *s)
{
	skip_spaces(s);
	const char *name = take_name(s, false);

	skip_spaces(s);
	if (name[0] == '\0' || strchr("=!", *s->rest) == NULL || *s->rest == '\0')
		return error_set(s->err, "'%.120s': in the braces stand labels such as queue=\"main\"", s->text);
	if (*s->rest == '!' || s->rest[1] == '~')
		return error_set(s->err,
			"'%.120s': a label is compared by = alone; series that match are added up, "
			"or become one as 'over' says",
			s->text);
	s->rest++;
	skip_spaces(s);
	const char *value = take_value(s);

	if (value == NULL)
		return error_set(s->err, "'%.120s': the value of the label '%.40s' stands in quotes", s->text, name);
	return scrape_add_matcher(s->into, name, value, s->err);
}

bool
scrape_parse_selector(struct arena *arena, const char *text, struct plan_scraped *into, struct error *err)
{
	struct selector s = {.arena = arena, .text = text, .rest = text, .into = into, .err = err};

	into->metric = take_name(&s, true);
	if (*s.rest == '(')
		return error_set(err,
			"'%.120s': write the metric alone, and beside it 'rate: true', 'quantile: 0.5' or "
			"'over: max'",
			text);
	skip_spaces(&s);
	if (into->metric[0] != '\0' && *s.rest == '{') {
		do {
			s.rest++;
			skip_spaces(&s);
			if (*s.rest != '}' && !take_matcher(&s))
				return false;
			skip_spaces(&s);
		} while (*s.rest == ',');
		if (*s.rest++ != '}')
			return error_set(err, "'%.120s': the braces are not closed", text);
		skip_spaces(&s);
	}
	if (into->metric[0] == '\0' || *s.rest != '\0')
		return error_set(err,
			"'%.120s' is no metric; write its name, such as app_queue_depth, or "
			"app_queue_depth{queue=\"main\"}",
			text);
	return true;
}
