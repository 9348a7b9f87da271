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

	if (!plan_parse_path(context, node, &path, err))
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
	return true;
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
	.arrivals_until = trace_arrivals_until,
	.when_ns = trace_when_ns,
};
