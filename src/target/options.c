#include "target/options.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "target/option_rows.h"
#include "target/wake.h"

#define DEFAULT_PORT 8080
#define RESPONSE_BYTES_MAX ((uint64_t)64 << 20)
#define CONNECTIONS_MAX 1000000
#define SPIN_DEFAULT_NS INT64_C(50000)

/* A row's help, whose further lines are put under its first. */
static void
add_help(const struct option_row *row, struct buf *into)
{
	char flag[64];
	const char *line = row->help;

	snprintf(flag, sizeof(flag), "%s %s", row->name, row->form != NULL ? row->form : "");
	for (;;) {
		int length = (int)strcspn(line, "\n");

		buf_printf(into, "  %-27s %.*s\n", line == row->help ? flag : "", length, line);
		if (line[length] == '\0')
			return;
		line += length + 1;
	}
}

void
target_options_help(struct buf *into)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (strcmp(row->name, "--llm") == 0)
			buf_add_text(into, "\nAs an LLM server:\n");
		add_help(row, into);
	}
}

/* One bit per row: which flags were given. */
struct seen {
	uint64_t bits;
};

static bool
was_seen(const struct seen *seen, const struct option_row *row)
{
	return (seen->bits >> (row - option_rows) & 1) != 0;
}

static const struct option_row *
row_of(const char *name, size_t length)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
			return row;
	return NULL;
}

/* One flag, "--name value" or "--name=value", at *i; moves *i to the last word used. */
static bool
parse_flag(int argc, char **argv, int *i, struct target_options *o, struct seen *seen, struct error *err)
{
	const char *word = argv[*i], *equals = strchr(word, '='), *value = "";
	const struct option_row *row = row_of(word, equals != NULL ? (size_t)(equals - word) : strlen(word));

	if (row == NULL)
		return error_set(err, "unknown flag '%s'; see brunt target --help", word);
	if (was_seen(seen, row))
		return error_set(err, "%s is given twice", row->name);
	CHECK_OP(row - option_rows, <, 64);
	seen->bits |= UINT64_C(1) << (row - option_rows);
	if (row->form == NULL && equals != NULL)
		return error_set(err, "%s takes no value", row->name);
	if (row->form != NULL && equals == NULL && *i + 1 >= argc)
		return error_set(err, "%s lacks its value: %s %s", row->name, row->name, row->form);
	if (row->form != NULL)
		value = equals != NULL ? equals + 1 : argv[++*i];
	if (row->parse(value, (char *)o + row->offset, err))
		return true;
	snprintf(err->where, sizeof(err->where), "%s", row->name);
	return false;
}

static bool
was_given(const struct seen *seen, const char *name)
{
	return was_seen(seen, row_of(name, strlen(name)));
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
resolve_service(struct target_options *o, const struct seen *seen, struct error *err)
{
	bool has_capacity = was_given(seen, "--capacity");

	if (has_capacity && was_given(seen, "--service-time"))
		return error_set(err,
			"--capacity and --service-time exclude each other: capacity = workers / mean service time");
	if (!was_given(seen, "--workers") && !o->llm.is_on)
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

/* What the model of --llm has no meaning for, and what has no meaning without it. */
static bool
resolve_llm(struct target_options *o, const struct seen *seen, struct error *err)
{
	static const char *const others[] = {"--capacity", "--cpu-per-request", "--memory-per-request", "--leak",
		"--crash-after", "--response-size"};

	if (!o->llm.is_on) {
		for (const struct option_row *row = option_rows; row->name != NULL; row++)
			if (option_row_is_llm(row) && was_seen(seen, row))
				return error_set(err, "%s needs --llm", row->name);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (was_given(seen, others[i]))
			return error_set(err, "%s and --llm exclude each other", others[i]);
	if (o->workers == 0)
		o->workers = 1;
	if (o->llm.no_batching && was_given(seen, "--max-batch"))
		return error_set(err, "--no-batching and --max-batch exclude each other");
	if (o->llm.no_batching)
		o->llm.model.batch_max = 1;
	return llm_options_check(&o->llm, err);
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
	if ((o->cert_path == NULL) != (o->key_path == NULL))
		return error_set(err, "--cert and --key go together");
	if (o->error_ratio + o->reset_ratio > 1)
		return error_set(err, "--errors and --reset together are over 100%%");
	return true;
}

bool
target_options_parse(int argc, char **argv, struct target_options *o, struct error *err)
{
	struct seen seen = {0};

	*o = (struct target_options){
		.listen = "127.0.0.1",
		.port = DEFAULT_PORT,
		.queue_max = STATION_QUEUE_UNLIMITED,
		.response_bytes = 64,
		.connections_max = 100000,
		.seed = 1,
		.spin_ns = SPIN_DEFAULT_NS,
		.llm = llm_default_options,
	};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			o->wants_help = true;
			return true;
		}
		if (!parse_flag(argc, argv, &i, o, &seen, err))
			return false;
	}
	return resolve_listen(o, was_given(&seen, "--port"), err) && resolve_llm(o, &seen, err) &&
	       resolve_service(o, &seen, err) && check_ranges(o, err);
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
