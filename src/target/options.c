#include "target/options.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "target/wake.h"

#define DEFAULT_PORT 8080
#define RESPONSE_BYTES_MAX ((uint64_t)64 << 20)
#define BALLAST_BYTES_MAX ((uint64_t)1 << 30)
#define CONNECTIONS_MAX 1000000
#define SPIN_DEFAULT_NS INT64_C(50000)

/* Each reads one value into the field it is given. */
static bool
parse_time(const char *text, void *field, struct error *err)
{
	return units_parse_time_ns(text, field) ||
	       error_set(err, "'%s' is not a time; write %s", text, units_time_form);
}

static bool
parse_count(const char *text, void *field, struct error *err)
{
	return units_parse_count(text, field) ||
	       error_set(err, "'%s' is not a count; write %s", text, units_count_form);
}

static bool
parse_positive(const char *text, void *field, struct error *err)
{
	if (!parse_count(text, field, err))
		return false;
	return *(uint64_t *)field > 0 || error_set(err, "0 is too few; write 1 or more");
}

static bool
parse_bytes(const char *text, void *field, struct error *err)
{
	if (!units_parse_bytes(text, field))
		return error_set(err, "'%s' is not a size; write %s", text, units_bytes_form);
	return *(uint64_t *)field <= BALLAST_BYTES_MAX || error_set(err, "'%s' is over 1 GiB", text);
}

static bool
parse_ratio(const char *text, void *field, struct error *err)
{
	double ratio;

	if (!units_parse_ratio(text, &ratio) || ratio > 1)
		return error_set(err, "'%s' is not a share; write %s", text, units_ratio_form);
	*(double *)field = ratio;
	return true;
}

static bool
parse_rate(const char *text, void *field, struct error *err)
{
	double per_s;

	if (!units_parse_rate(text, &per_s) || per_s <= 0)
		return error_set(err, "'%s' is not a rate over 0; write %s", text, units_rate_form);
	*(double *)field = per_s;
	return true;
}

static bool
parse_service(const char *text, void *field, struct error *err)
{
	return service_parse(text, field, err);
}

static bool
parse_text(const char *text, void *field, struct error *err)
{
	if (text[0] == '\0')
		return error_set(err, "the value is empty");
	*(const char **)field = text;
	return true;
}

static bool
parse_listen(const char *text, void *field, struct error *err)
{
	size_t size = sizeof(((struct target_options *)0)->listen);

	if (text[0] == '\0' || strlen(text) >= size - 8)
		return error_set(err, "'%s' is not an address", text);
	snprintf(field, size, "%s", text);
	return true;
}

static bool
parse_overload(const char *text, void *field, struct error *err)
{
	static const char *const names[] = {"503", "close", "hang"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*(enum overload *)field = (enum overload)i;
			return true;
		}
	return error_set(err, "'%s' is unknown; write 503, close or hang", text);
}

/* "FIRST<separator>SECOND" taken apart. */
static bool
cut(const char *text, char separator, char first[64], const char **second)
{
	const char *at = strchr(text, separator);

	if (at == NULL || at - text >= 64)
		return false;
	snprintf(first, 64, "%.*s", (int)(at - text), text);
	*second = at + 1;
	return true;
}

static bool
parse_stall(const char *text, void *field, struct error *err)
{
	struct stall *stall = field;
	const char *time;
	char ratio[64];

	if (!cut(text, ':', ratio, &time) || !parse_ratio(ratio, &stall->ratio, err) ||
		!units_parse_time_ns(time, &stall->time_ns))
		return error_set(err, "'%s' is not SHARE:TIME; write 1%%:100ms", text);
	return true;
}

static bool
parse_freeze(const char *text, void *field, struct error *err)
{
	struct freeze *freeze = field;
	const char *every;
	char length[64];

	if (!cut(text, '/', length, &every) || !units_parse_time_ns(length, &freeze->length_ns) ||
		!units_parse_time_ns(every, &freeze->every_ns))
		return error_set(err, "'%s' is not LENGTH/EVERY; write 500ms/5s", text);
	return freeze->length_ns < freeze->every_ns ||
	       error_set(err, "'%s': a freeze must be shorter than its period", text);
}

struct option_row {
	const char *name, *form, *help;
	bool (*parse)(const char *text, void *field, struct error *err);
	size_t offset;
};

#define FIELD(f) offsetof(struct target_options, f)

static const struct option_row rows[] = {
	{"--listen", "ADDR", "HOST, HOST:PORT, [V6]:PORT or unix:PATH (127.0.0.1)", parse_listen, FIELD(listen)},
	{"--port", "N", "port; 0 takes a free one (8080)", parse_count, FIELD(port)},
	{"--workers", "N", "requests served at a time (1 with --capacity or --cpu-per-request, else no bound)",
		parse_positive, FIELD(workers)},
	{"--capacity", "RATE", "mean service time = workers / RATE, constant; not with --service-time", parse_rate,
		FIELD(capacity_per_s)},
	{"--service-time", "TIME", "5ms, exponential:MEAN or lognormal:MEDIAN:SIGMA (0)", parse_service,
		FIELD(service)},
	{"--queue", "N", "requests that may wait for a worker (no bound)", parse_count, FIELD(queue_max)},
	{"--overload", "HOW", "what a full queue does: 503 (default), close or hang", parse_overload, FIELD(overload)},
	{"--cpu-per-request", "TIME", "CPU burnt by a worker process for each request", parse_time, FIELD(cpu_ns)},
	{"--memory-per-request", "SIZE", "memory held while a request is in the system", parse_bytes,
		FIELD(memory_bytes)},
	{"--leak", "SIZE", "memory kept for good after each request", parse_bytes, FIELD(leak_bytes)},
	{"--errors", "SHARE", "answered 500", parse_ratio, FIELD(error_ratio)},
	{"--reset", "SHARE", "half an answer, then a TCP reset", parse_ratio, FIELD(reset_ratio)},
	{"--stall", "SHARE:TIME", "requests that keep their worker that much longer", parse_stall, FIELD(stall)},
	{"--freeze", "LENGTH/EVERY", "everything stops for LENGTH, every EVERY since the start", parse_freeze,
		FIELD(freeze)},
	{"--crash-after", "N", "exit with status 70 once N requests are answered", parse_positive, FIELD(crash_after)},
	{"--response-size", "SIZE", "bytes of body (64)", parse_bytes, FIELD(response_bytes)},
	{"--connections", "N", "open at a time; one more is told 503 and closed (100000)", parse_positive,
		FIELD(connections_max)},
	{"--seed", "N", "of every random draw (1)", parse_count, FIELD(seed)},
	{"--spin", "TIME", "how long a wake-up may spin for exactness, up to 50us (50us)", parse_time, FIELD(spin_ns)},
	{"--truth", "FILE", "log: arrival_ns done_ns status connection modelled_ns", parse_text, FIELD(truth_path)},
};

void
target_options_help(struct buf *into)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "%s %s", rows[i].name, rows[i].form);
		buf_printf(into, "  %-27s %s\n", flag, rows[i].help);
	}
}

static const struct option_row *
row_of(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return &rows[i];
	return NULL;
}

/* One flag, "--name value" or "--name=value", at *i; moves *i to the last word used. */
static bool
parse_flag(int argc, char **argv, int *i, struct target_options *o, unsigned *seen, struct error *err)
{
	const char *word = argv[*i], *equals = strchr(word, '=');
	const struct option_row *row = row_of(word, equals != NULL ? (size_t)(equals - word) : strlen(word));

	if (row == NULL)
		return error_set(err, "unknown flag '%s'; see brunt target --help", word);
	if (*seen & BIT(row - rows))
		return error_set(err, "%s is given twice", row->name);
	*seen |= BIT(row - rows);
	if (equals == NULL && *i + 1 >= argc)
		return error_set(err, "%s lacks its value: %s %s", row->name, row->name, row->form);
	const char *value = equals != NULL ? equals + 1 : argv[++*i];

	if (row->parse(value, (char *)o + row->offset, err))
		return true;
	snprintf(err->where, sizeof(err->where), "%s", row->name);
	return false;
}

static bool
was_given(unsigned seen, const char *name)
{
	return (seen & BIT(row_of(name, strlen(name)) - rows)) != 0;
}

static bool
resolve_listen(struct target_options *o, bool has_port, struct error *err)
{
	const char *colon = strrchr(o->listen, ':');
	bool is_unix = strncmp(o->listen, "unix:", 5) == 0;
	bool has_own = is_unix || (colon != NULL && (o->listen[0] != '[' || colon[-1] == ']'));

	if (o->port > 65535)
		return error_set(err, "--port: %llu is over 65535", (unsigned long long)o->port);
	if (has_own && has_port)
		return error_set(err, "--listen '%s' already says where; leave out --port", o->listen);
	if (!has_own) {
		size_t length = strlen(o->listen);

		snprintf(o->listen + length, sizeof(o->listen) - length, ":%u", (unsigned)o->port);
	}
	return true;
}

static bool
resolve_service(struct target_options *o, unsigned seen, struct error *err)
{
	bool has_capacity = was_given(seen, "--capacity");

	if (has_capacity && was_given(seen, "--service-time"))
		return error_set(err,
			"--capacity and --service-time exclude each other: capacity = workers / mean service time");
	if (!was_given(seen, "--workers"))
		o->workers = has_capacity || o->cpu_ns > 0 ? 1 : 0;
	if (o->workers > TARGET_WORKERS_MAX || (o->cpu_ns > 0 && o->workers > TARGET_CREW_MAX))
		return error_set(err, "--workers: at most %d, and %d with --cpu-per-request", TARGET_WORKERS_MAX,
			TARGET_CREW_MAX);
	if (has_capacity)
		o->service = (struct service){
			.kind = SERVICE_CONSTANT, .scale_ns = s_to_ns((double)o->workers / o->capacity_per_s)};
	if (was_given(seen, "--queue") && o->workers == 0)
		return error_set(err, "--queue needs --workers or --capacity: without them nobody waits");
	if (o->cpu_ns > 0 && o->freeze.length_ns > 0)
		return error_set(err, "--freeze is modelled and --cpu-per-request is real: they exclude each other");
	return true;
}

static bool
check_ranges(const struct target_options *o, struct error *err)
{
	if (o->spin_ns > WAKE_SPIN_MAX_NS)
		return error_set(err, "--spin: at most 50us");
	if (o->response_bytes > RESPONSE_BYTES_MAX)
		return error_set(err, "--response-size: at most 64MiB");
	if (o->connections_max > CONNECTIONS_MAX)
		return error_set(err, "--connections: at most %d", CONNECTIONS_MAX);
	if (o->error_ratio + o->reset_ratio > 1)
		return error_set(err, "--errors and --reset together are over 100%%");
	return true;
}

bool
target_options_parse(int argc, char **argv, struct target_options *o, struct error *err)
{
	unsigned seen = 0;

	_Static_assert(ARRAY_LEN(rows) <= 32, "one bit each");
	*o = (struct target_options){
		.listen = "127.0.0.1",
		.port = DEFAULT_PORT,
		.queue_max = STATION_QUEUE_UNLIMITED,
		.response_bytes = 64,
		.connections_max = 100000,
		.seed = 1,
		.spin_ns = SPIN_DEFAULT_NS,
	};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			o->wants_help = true;
			return true;
		}
		if (!parse_flag(argc, argv, &i, o, &seen, err))
			return false;
	}
	return resolve_listen(o, was_given(seen, "--port"), err) && resolve_service(o, seen, err) &&
	       check_ranges(o, err);
}

double
target_capacity_per_s(const struct target_options *o)
{
	double mean_ns = service_mean_ns(&o->service);

	if ((double)o->cpu_ns > mean_ns)
		mean_ns = (double)o->cpu_ns;
	mean_ns += o->stall.ratio * (double)o->stall.time_ns;
	if (o->workers == 0 || mean_ns <= 0)
		return 0;
	double awake = o->freeze.every_ns == 0 ? 1 : 1 - (double)o->freeze.length_ns / (double)o->freeze.every_ns;

	return awake * (double)o->workers / (mean_ns / (double)NS_PER_S);
}
