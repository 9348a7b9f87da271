#include "load/params.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/file.h"
#include "base/units.h"
#include "plan/parse.h"

static const char *const unit_names[] = {"s", "ms", "us", "ns", NULL};
static const double unit_ns[] = {1e9, 1e6, 1e3, 1};

/* The level is counted in bins of this length; a trace has no rate of its own. */
#define TRACE_BIN_NS NS_PER_S

/* Finer than ns of a second is not kept. */
#define TRACE_DIGITS_MOST 9

static bool
trace_parse_file(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct trace *t = container_of(into, struct trace, stamps);
	const char *path;
	size_t length, lines = 1;

	if (!plan_parse_input(context, node, &path, err))
		return false;
	char *text = file_read(path, TRACE_FILE_CEILING, &length, err);

	if (text == NULL)
		return false;
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (lines > TRACE_ARRIVALS_MOST)
		lines = TRACE_ARRIVALS_MOST;
	t->stamps = arena_alloc(context->arena, lines * sizeof(*t->stamps));

	bool is_ok = strlen(text) == length
			     ? trace_read(t, path, text, lines, err)
			     : error_set(err, "%s: holds a NUL byte; write one timestamp per line", path);

	if (is_ok)
		trace_read_names(t, context->arena, text);
	free(text);
	return is_ok;
}

static const struct plan_key trace_keys[] = {
	{
		.name = "file",
		.type = PLAN_CUSTOM,
		.offset = offsetof(struct trace, stamps),
		.help = "timestamps in order, the first word of each line; # begins a comment",
		.form = "the path of a file of timestamps",
		.parse = trace_parse_file,
		.is_path = true,
	},
	{
		.name = "unit",
		.type = PLAN_CHOICE,
		.offset = offsetof(struct trace, unit),
		.default_text = "s",
		.help = "what its timestamps count; only the time since the first one matters",
		.choices = unit_names,
	},
	{
		.name = "speed",
		.type = PLAN_NUMBER,
		.offset = offsetof(struct trace, speed),
		.default_text = "1",
		.min = 1e-3,
		.max = 1e6,
		.help = "how much faster than it was recorded: 2 takes half the time",
	},
	{
		.name = "named",
		.type = PLAN_BOOL,
		.offset = offsetof(struct trace, is_named),
		.default_text = "false",
		.help = "the second word of each line is the name of the request that is made then; else they are chosen by "
			"weight",
	},
	PLAN_KEYS_END,
};

/* The first word of the line, NULL where there is none but a comment perhaps; *p moves to the next line. */
static const char *
trace_next_line(const char **p)
{
	const char *word = *p + strspn(*p, " \t\r");
	const char *end = *p + strcspn(*p, "\n");

	*p = *end == '\n' ? end + 1 : end;
	return word < end && *word != '#' ? word : NULL;
}

/* Most digits after the point of any timestamp: they are kept as whole numbers of this fineness, so exactly. */
static int
trace_digits(const char *text)
{
	size_t most = 0;

	for (const char *p = text; *p != '\0';) {
		const char *word = trace_next_line(&p);

		if (word == NULL || word[strspn(word, "0123456789")] != '.')
			continue;
		size_t digits = strspn(strchr(word, '.') + 1, "0123456789");

		most = digits > most ? digits : most;
	}
	return most < TRACE_DIGITS_MOST ? (int)most : TRACE_DIGITS_MOST;
}

static bool
trace_add_digit(int64_t *stamp, int digit)
{
	return !__builtin_mul_overflow(*stamp, 10, stamp) && !__builtin_add_overflow(*stamp, digit, stamp);
}

/* A decimal number and nothing else in its word, in units of 10^-digits. */
static bool
trace_read_stamp(const char *p, int digits, int64_t *stamp)
{
	*stamp = 0;
	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		if (!trace_add_digit(stamp, *p - '0'))
			return false;
	p += *p == '.';
	for (; digits > 0; digits--)
		if (!trace_add_digit(stamp, isdigit((unsigned char)*p) ? *p++ - '0' : 0))
			return false;
	p += strspn(p, "0123456789");
	return *p == '\0' || strchr(" \t\r\n,#", *p) != NULL;
}

bool
trace_read(struct trace *trace, const char *path, const char *text, size_t most, struct error *err)
{
	const char *p = text;

	trace->digits = trace_digits(text);
	for (size_t line = 1; *p != '\0'; line++) {
		const char *word = trace_next_line(&p);
		int64_t stamp;

		if (word == NULL)
			continue;
		if (!trace_read_stamp(word, trace->digits, &stamp))
			return error_at(err, path, line, 1, "'%.*s' is not a timestamp; write a number such as 12.5",
				(int)(strcspn(word, "\r\n") < 40 ? strcspn(word, "\r\n") : 40), word);
		if (trace->n == most)
			return error_at(err, path, line, 1, "more than %zu timestamps", most);
		if (trace->n > 0 && stamp < trace->stamps[trace->n - 1])
			return error_at(err, path, line, 1, "earlier than the timestamp before it; sort the file");
		trace->stamps[trace->n++] = stamp;
	}
	if (trace->n == 0)
		return error_set(err, "%s: holds no timestamps; write one per line", path);
	for (size_t i = trace->n; i-- > 0;)
		trace->stamps[i] -= trace->stamps[0];
	return true;
}

/* The second word of a line that begins at `word`, and its length. */
static const char *
trace_second_word(const char *word, size_t *length)
{
	word += strcspn(word, " \t\r\n,#");
	word += strspn(word, " \t,");
	*length = strcspn(word, " \t\r\n,#");
	return word;
}

/* 1 + its index among the names, which it joins; 0: there are too many. */
static uint32_t
trace_find_name(
	struct trace *t, struct arena *arena, uint32_t *table, size_t table_size, const char *name, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	for (size_t i = hash % table_size;; i = (i + 1) % table_size) {
		if (table[i] == 0 && t->names_n == TRACE_NAMES_MOST)
			return 0;
		if (table[i] == 0) {
			t->names[t->names_n++] = arena_strndup(arena, name, length);
			table[i] = (uint32_t)t->names_n;
		}
		const char *there = t->names[table[i] - 1];

		if (strncmp(there, name, length) == 0 && there[length] == '\0')
			return table[i];
	}
}

void
trace_read_names(struct trace *trace, struct arena *arena, const char *text)
{
	static const size_t table_size = (size_t)4 * TRACE_NAMES_MOST;
	uint32_t *table = NULL;
	size_t k = 0, line = 1;

	for (const char *p = text; *p != '\0' && k < trace->n; line++) {
		const char *word = trace_next_line(&p), *name;
		size_t length;

		if (word == NULL)
			continue;
		name = trace_second_word(word, &length);
		if (k == 0 && length == 0)
			break; /* a file of timestamps alone */
		if (k == 0) {
			table = must_calloc(table_size, sizeof(*table));
			trace->named = arena_alloc(arena, trace->n * sizeof(*trace->named));
			trace->names = arena_alloc(arena, TRACE_NAMES_MOST * sizeof(*trace->names));
		}
		if (length == 0 && trace->unnamed_line == 0)
			trace->unnamed_line = line;
		trace->named[k] = length > 0 ? trace_find_name(trace, arena, table, table_size, name, length) : 0;
		if (length > 0 && trace->named[k] == 0) {
			trace->names_n = 0;
			break;
		}
		k++;
	}
	free(table);
}

/* Exact while the factor is a whole number and the time less than 2^53 ns, 104 days; to some ns beyond. */
static double
trace_due(const struct trace *t, size_t i)
{
	static const double powers[TRACE_DIGITS_MOST + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

	return (double)t->stamps[i] * (unit_ns[t->unit] / powers[t->digits] / t->speed);
}

static int64_t
trace_due_ns(const struct trace *t, size_t i)
{
	return (int64_t)llround(trace_due(t, i));
}

/* It ends a mean gap after its last arrival, so that its mean rate is the recorded one. */
static int64_t
trace_duration_ns(const void *params)
{
	const struct trace *t = params;
	int64_t last_ns = trace_due_ns(t, t->n - 1);
	int64_t gap_ns = t->n > 1 ? last_ns / (int64_t)(t->n - 1) : NS_PER_S;

	return last_ns + (gap_ns > 0 ? gap_ns : 1);
}

static bool
trace_check(const void *params, struct error *err)
{
	const struct trace *t = params;

	if (trace_due(t, t->n - 1) > (double)LOAD_NS_MOST)
		return error_set(err, "the trace takes longer than a year; are its timestamps in %s? `unit` says so",
			unit_names[t->unit]);
	if (t->is_named && t->names_n == 0)
		return error_set(err, "named: its lines do not name requests; write the time and a name: 12.5 browse");
	if (t->is_named && t->unnamed_line > 0)
		return error_set(err,
			"named: line %zu of the file names no request; write the time and a name: 12.5 browse",
			t->unnamed_line);
	return true;
}

static size_t
trace_names_count(const void *params)
{
	const struct trace *t = params;

	return t->is_named ? t->names_n : 0;
}

static const char *
trace_name_at(const void *params, size_t i)
{
	const struct trace *t = params;

	return t->names[i];
}

static size_t
trace_name_of(const void *params, uint64_t k)
{
	const struct trace *t = params;

	return k < t->n ? t->named[k] - 1 : SIZE_MAX;
}

/* Arrivals due before t: the first index that is not. */
static double
trace_arrivals_until(const void *params, int64_t t_ns)
{
	const struct trace *t = params;
	size_t first = 0, after = t->n;

	while (first < after) {
		size_t middle = first + (after - first) / 2;

		if (trace_due_ns(t, middle) < t_ns)
			first = middle + 1;
		else
			after = middle;
	}
	return (double)first;
}

static double
trace_level_at(const void *params, int64_t t_ns)
{
	int64_t end_ns = trace_duration_ns(params);
	int64_t from_ns = (t_ns < end_ns ? t_ns : end_ns - 1) / TRACE_BIN_NS * TRACE_BIN_NS;
	int64_t to_ns = end_ns - from_ns < TRACE_BIN_NS ? end_ns : from_ns + TRACE_BIN_NS;

	return (trace_arrivals_until(params, to_ns) - trace_arrivals_until(params, from_ns)) / ns_to_s(to_ns - from_ns);
}

static int64_t
trace_when_ns(const void *params, double k)
{
	const struct trace *t = params;

	return k < (double)t->n ? trace_due_ns(t, (size_t)k) : trace_duration_ns(t);
}

/* A window of a second is moved from each arrival to the next. */
static double
trace_level_peak(const void *params)
{
	const struct trace *t = params;
	size_t first = 0, most = 0;

	for (size_t last = 0; last < t->n; last++) {
		while (trace_due_ns(t, last) - trace_due_ns(t, first) >= NS_PER_S)
			first++;
		most = last - first + 1 > most ? last - first + 1 : most;
	}
	return (double)most;
}

const struct shape_ops trace_shape = {
	.choice =
		{
			.name = "trace",
			.help = "replays the arrivals recorded in a file",
			.example = "{file: arrivals.txt, speed: 1}",
			.keys = trace_keys,
			.params_size = sizeof(struct trace),
			.check = trace_check,
		},
	.is_timed = true,
	.duration_ns = trace_duration_ns,
	.level_at = trace_level_at,
	.level_peak = trace_level_peak,
	.arrivals_until = trace_arrivals_until,
	.when_ns = trace_when_ns,
	.names_count = trace_names_count,
	.name_at = trace_name_at,
	.name_of = trace_name_of,
};
