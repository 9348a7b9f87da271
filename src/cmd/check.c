#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "base/units.h"
#include "campaign/actions.h"
#include "cmd/check_experiment.h"
#include "cmd/check_flow.h"
#include "cmd/check_ports.h"
#include "cmd/check_split.h"
#include "cmd/check_suite.h"
#include "cmd/command.h"
#include "cmd/plot.h"
#include "cmd/preview.h"
#include "cmd/profile_arguments.h"
#include "cmd/tables.h"
#include "engine/connection.h"
#include "engine/flight.h"
#include "engine/pump.h"
#include "engine/requests.h"
#include "engine/sessions.h"
#include "load/params.h"
#include "load/schedule.h"
#include "measure/summary.h"
#include "plan/flow.h"
#include "proto/protocol.h"

extern const struct command check_command;

#define OUTPUT_CEILING ((size_t)1024 * 1024)
#define LEVELS_SHOWN 100
#define SEARCH_LEVELS_SHOWN 8
#define SAMPLES_PER_COLUMN 512

/* Descriptors that a run has open besides its connections, as engine/run.c counts them. */
#define DESCRIPTORS_OF_OURS 32

/* What OpenSSL 3.0 holds per connection that is open, its two record buffers above all: measured, by 1,000 of them. */
#define TLS_CONNECTION_BYTES ((size_t)36 * 1024)

/* How long Linux keeps the port of a connection that we closed (TCP_TIMEWAIT_LEN in include/net/tcp.h). */

struct check_options {
	int64_t latency_ns; /* 0: not given */
};

/* What all scenarios ask for together. */
struct demand {
	double requests; /* 0: not known beforehand */
	double peak_per_s;
	double in_flight_at_timeout, in_flight_at_latency;
	bool is_random; /* the number of requests is a mean */
	bool is_most;   /* … or the most: sessions may end early */
	bool is_timed;  /* the peak of the rate is not known */
};

static const char *
level_text(const struct schedule *s, double level, char *into, size_t size)
{
	char count[32];

	plot_level_text(level, count, sizeof(count));
	snprintf(into, size, "%s%s", count, !s->in_users ? "/s" : level == 1 ? " user" : " users");
	return into;
}

/* The highest level of each column's time; given moments have none, and are shown by how many come in it. */
static double
sample_column(const struct schedule *s, int64_t from_ns, int64_t to_ns)
{
	double most = 0;

	if (s->shape->is_timed)
		return to_ns > from_ns ? schedule_expected_between(s, from_ns, to_ns) / ns_to_s(to_ns - from_ns) : 0;
	for (int64_t i = 0; i < SAMPLES_PER_COLUMN; i++)
		most = fmax(most, schedule_level_at(s, from_ns + (to_ns - from_ns) / SAMPLES_PER_COLUMN * i));
	return fmax(most, schedule_level_at(s, to_ns > from_ns ? to_ns - 1 : from_ns));
}

static void
sample_levels(const struct schedule *s, struct plot *plot)
{
	int64_t end_ns = schedule_end_ns(s), from_ns = 0;

	plot->end_ns = end_ns;
	for (int64_t i = 0; i < PLOT_COLUMNS; i++) {
		int64_t to_ns = end_ns / PLOT_COLUMNS * (i + 1) + end_ns % PLOT_COLUMNS * (i + 1) / PLOT_COLUMNS;

		plot->values[i] = sample_column(s, from_ns, to_ns);
		from_ns = to_ns;
	}
}

/* The greatest level; of given moments the mean. */
static double
peak_level_of(const struct schedule *s, const struct plot *plot)
{
	double peak = schedule_level_span(s, 0).offered;

	for (size_t i = 0; i < PLOT_COLUMNS && !s->shape->is_timed; i++)
		peak = fmax(peak, plot->values[i]);
	return peak;
}

/* Little's law: in flight = rate × time in the system. Given moments have no rate, but at most as many are in flight as
 * come within that time. */
static double
in_flight_after(const struct schedule *s, double peak, int64_t response_ns)
{
	double total = schedule_expected(s), most = 0;

	if (schedule_is_steered(s))
		return peak * ns_to_s(response_ns);
	if (!s->shape->is_timed)
		return fmin(total, peak * ns_to_s(response_ns));
	uint64_t arrivals = (uint64_t)total, step = arrivals / 100000 + 1; /* a long trace is looked at in samples */

	for (uint64_t k = 0; k < arrivals; k += step) {
		int64_t due_ns = s->shape->when_ns(s->params, (double)k);
		int64_t from_ns = due_ns > response_ns ? due_ns - response_ns : 0;

		most = fmax(most,
			s->shape->arrivals_until(s->params, due_ns + 1) - s->shape->arrivals_until(s->params, from_ns));
	}
	return most;
}

static void
add_demand(const struct plan *plan, const struct plan_scenario *scenario, const struct schedule *s, double peak,
	int64_t latency_ns, struct demand *demand)
{
	const struct plan_load *load = &scenario->load;
	double cap = (double)load->in_flight_max;
	double steps = scenario->flow != NULL ? (double)scenario->flow->session_steps : 1;

	if (!schedule_is_steered(s))
		demand->requests += schedule_expected(s) * steps;
	demand->is_most |= scenario->flow != NULL || schedule_is_steered(s);
	demand->is_random |= gap_is_random(&s->gap) && !s->shape->is_timed && !s->in_users;
	if (s->in_users) {
		demand->in_flight_at_timeout += peak;
		demand->in_flight_at_latency += peak;
		return;
	}
	peak *= steps;
	demand->is_timed |= s->shape->is_timed;
	demand->peak_per_s += peak;
	demand->in_flight_at_timeout += fmin(cap, ceil(in_flight_after(s, peak, plan->target.timeout_ns)));
	demand->in_flight_at_latency += fmin(cap, ceil(in_flight_after(s, peak, latency_ns)));
}

static void
print_level(const struct schedule *s, const char *name, const struct level_span *span, struct buf *out)
{
	char start[32] = "then", length[32] = "open", level[48], arrivals[32] = "-";

	if (span->start_ns != INT64_MAX)
		plot_time_text(span->start_ns, start, sizeof(start));

	if (span->end_ns != INT64_MAX) {
		plot_time_text(span->end_ns - span->start_ns, length, sizeof(length));
		if (!s->in_users)
			units_count_text(
				schedule_expected_between(s, span->start_ns, span->end_ns), arrivals, sizeof(arrivals));
	}
	buf_printf(out, "  %-8s %10s %10s %14s %14s\n", name, start, length,
		level_text(s, span->offered, level, sizeof(level)), arrivals);
}

static void
print_levels(const struct schedule *s, const char *arrivals, struct buf *out)
{
	size_t n = schedule_levels_count(s);

	buf_printf(out, "\n  %-8s %10s %10s %14s %14s\n", "level", "start", "length", s->in_users ? "users" : "rate",
		arrivals);
	if (s->warmup_ns > 0)
		print_level(s, "warm-up", &(struct level_span){0, s->warmup_ns, s->warmup_level}, out);
	for (size_t i = 0; i < n && i < LEVELS_SHOWN; i++) {
		struct level_span span = schedule_level_span(s, i);
		char name[24];

		snprintf(name, sizeof(name), "%zu", i);
		print_level(s, name, &span, out);
	}
	if (n > LEVELS_SHOWN)
		buf_printf(out, "  … and %zu more\n", n - LEVELS_SHOWN);
}

/* Its levels follow from how the target does; what is known is how it climbs, and how long it may take. */
static void
print_search(const struct schedule *s, struct buf *out)
{
	const struct search *search = s->params;
	char text[64], longest[32];
	double level = search->from;

	buf_add_text(out, "\n  climbs           ");
	for (int i = 0; i < SEARCH_LEVELS_SHOWN && level < search->max; i++, level *= search->factor)
		buf_printf(out, "%s, ", level_text(s, level, text, sizeof(text)));
	buf_printf(out, "%s%s until one breaks\n", level < search->max ? "… " : "",
		level_text(s, search->max, text, sizeof(text)));
	buf_printf(out, "  then             halves the bracket until it is at most %g%% wide\n", 100 * search->width);
	buf_printf(out, "  each level       %s, ", plot_time_text(search->every_ns, text, sizeof(text)));
	buf_printf(out, "after at most %s in which the target settles\n",
		plot_time_text(search->settle_ns, longest, sizeof(longest)));
	if (search->confirm_ns > 0)
		buf_printf(out, "  in the end       %s at the highest level that held\n",
			plot_time_text(search->confirm_ns, text, sizeof(text)));
}

static void
print_scenario(const struct plan *plan, const struct plan_scenario *scenario, int64_t latency_ns, struct demand *demand,
	struct buf *out)
{
	struct plot plot = {.is_ascii = !plot_has_utf8()};
	struct schedule s;
	char length[32];

	schedule_init(&s, &scenario->load, plan->seed);
	bool is_open_ended = schedule_end_ns(&s) == INT64_MAX, is_steered = schedule_is_steered(&s);

	if (!is_open_ended)
		sample_levels(&s, &plot);
	add_demand(plan, scenario, &s, is_steered ? s.shape->level_most(s.params) : peak_level_of(&s, &plot),
		latency_ns, demand);
	buf_printf(out, "%s: %s, %s, ", scenario->name, s.shape->choice.name,
		s.in_users                         ? "closed loop"
		: s.shape->is_timed                ? "open loop, given moments"
		: s.gap.spacing == SPACING_UNIFORM ? "open loop, uniform spacing"
		: s.gap.spacing == SPACING_POISSON ? "open loop, poisson spacing"
						   : "open loop, gamma spacing");
	if (is_open_ended)
		buf_printf(out, "%llu %s however long they take\n", (unsigned long long)s.count_limit,
			scenario->flow != NULL ? "sessions" : "requests");
	else
		buf_printf(out, "%s%s\n%s", is_steered ? "at most " : "",
			plot_time_text(schedule_end_ns(&s), length, sizeof(length)), is_steered ? "" : "\n");
	if (is_steered)
		print_search(&s, out);
	else if (!is_open_ended) {
		plot.unit = s.in_users ? " users" : "/s";
		plot_draw(&plot, out);
	}
	if (!is_steered)
		print_levels(&s, scenario->flow != NULL ? "sessions" : "requests", out);
	buf_add_text(out, "\n");
	check_print_flow(plan, scenario, out);
}

/* As many as the load may need at once, and no more than the target allows. */
static double
connections_of(const struct plan *plan, const struct demand *demand)
{
	return fmin((double)plan->target.connections, demand->in_flight_at_timeout);
}

/* With one exchange on it. */
static double
connection_bytes_of(const struct plan *plan)
{
	const struct protocol_ops *protocol = protocol_of(plan->target.protocol);

	return (double)(sizeof(struct connection) + sizeof(struct channel) + protocol_state_size(protocol) +
			protocol_exchange_size(protocol)) +
	       (plan_url_is_tls(&plan->target.url) ? TLS_CONNECTION_BYTES : 0);
}

/* What this process holds already (program, libraries, plan), and what a run adds: every connection and flight by its
 * size; the series' rows; and of each histogram (response, service, … of two intervals, two open levels and the sums,
 * two of them per request name) some 80 KiB, which is what latencies spread over three powers of ten touch: ten of the
 * 33 halves of 8 KiB. */
static double
memory_bytes_of(const struct plan *plan, double connections)
{
	enum { CELLS = 2 * 2 + 2 + 2, PER_REQUEST = 2 };
	struct rusage usage;
	double histograms = CELLS * ((double)METRIC_COUNT + PER_REQUEST * (double)plan->requests_n);
	double flights = 0;

	CHECK_OP(getrusage(RUSAGE_SELF, &usage), ==, 0);
	for (size_t i = 0; i < plan->scenarios_n; i++)
		flights += (double)plan->scenarios[i].load.in_flight_max;
	return (double)usage.ru_maxrss * 1024 + flights * sizeof(struct flight) +
	       connections * connection_bytes_of(plan) + SERIES_ROWS_MAX * sizeof(struct series_row) +
	       STREAM_READ_BYTES + histograms * 10 * HISTOGRAM_HALF_LEN * 8;
}

static void
print_demand(const struct plan *plan, const struct check_options *options, const struct demand *demand, struct buf *out)
{
	double connections = connections_of(plan, demand);
	char text[64], latency[32];

	if (demand->requests > 0)
		buf_printf(out, "  requests         %s%s\n",
			demand->is_most     ? "up to "
			: demand->is_random ? "about "
					    : "",
			units_count_text(demand->requests, text, sizeof(text)));
	if (demand->peak_per_s > 0 && !demand->is_timed)
		buf_printf(out, "  peak rate        %s%s/s\n", demand->is_most ? "up to " : "",
			plot_level_text(demand->peak_per_s, text, sizeof(text)));
	buf_printf(out, "  peak in flight   %s where every request takes the timeout of %s\n",
		units_count_text(demand->in_flight_at_timeout, text, sizeof(text)),
		plot_time_text(plan->target.timeout_ns, latency, sizeof(latency)));
	if (options->latency_ns > 0)
		buf_printf(out, "                   %s at a response time of %s\n",
			units_count_text(demand->in_flight_at_latency, text, sizeof(text)),
			plot_time_text(options->latency_ns, latency, sizeof(latency)));
	buf_printf(out, "  connections      up to %s\n", units_count_text(connections, text, sizeof(text)));
	check_print_ports(plan, demand->peak_per_s, connections, out);
	buf_printf(out, "  memory           about %s\n",
		units_bytes_text((uint64_t)memory_bytes_of(plan, connections), text, sizeof(text)));
}

/* The same question as the run asks at its start, which may raise the soft limit up to the hard one. */
static bool
check_descriptors(const struct plan *plan, struct buf *out, struct error *err)
{
	unsigned long long needed = plan->target.connections + DESCRIPTORS_OF_OURS;
	struct rlimit limit;

	CHECK_OP(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	if (needed <= limit.rlim_max) {
		buf_printf(out, "  file descriptors %llu of %llu\n", needed, (unsigned long long)limit.rlim_max);
		return true;
	}
	error_set(err,
		"target.connections: %llu connections need %llu file descriptors, but this process may open %llu; ask "
		"for at most "
		"%llu, or raise the limit (ulimit -n)",
		(unsigned long long)plan->target.connections, needed, (unsigned long long)limit.rlim_max,
		limit.rlim_max > DESCRIPTORS_OF_OURS ? (unsigned long long)limit.rlim_max - DESCRIPTORS_OF_OURS : 0);
	return error_place(err, plan->path, 0, 0);
}

/* Everything that a run refuses before it sends anything. */
static bool
check_load(const struct plan *plan, struct requests *requests, struct error *err)
{
	return schedule_check(plan, err) && actions_check(plan, err) && pump_check_levels(plan, err) &&
	       sessions_check(plan, err) && tls_check_target(&plan->target, err) && requests_init(requests, plan, err);
}

static bool
check_plan(const struct plan *plan, const struct check_options *options, struct buf *out, struct error *err)
{
	struct requests requests = {0};
	struct demand demand = {0};

	if (!check_load(plan, &requests, err))
		return false;
	buf_printf(out, "%s: %s\n\n", plan->name, plan->target.url.text);
	for (size_t i = 0; i < plan->scenarios_n; i++)
		print_scenario(plan, &plan->scenarios[i], options->latency_ns, &demand, out);
	preview_add(plan, &requests, out);
	check_print_split(plan, &requests, out);
	print_demand(plan, options, &demand, out);
	requests_fini(&requests);
	if (!check_descriptors(plan, out, err))
		return false;
	check_print_course(plan, out);
	return true;
}

/* Of several runs, what they are, and the baseline's load; the others must be as valid. */
static bool
check_experiment(const struct plan_experiment *experiment, const struct check_options *options, struct buf *out,
	struct error *err)
{
	struct buf unseen;
	bool is_ok = true;

	buf_init(&unseen, OUTPUT_CEILING);
	for (size_t i = 0; is_ok && i < experiment->arms_n; i++) {
		buf_clear(&unseen);
		is_ok = check_plan(experiment->arms[i].plan, options, &unseen, err);
	}
	buf_fini(&unseen);
	if (!is_ok)
		return false;
	if (experiment->kind != EXPERIMENT_ONE_RUN)
		check_print_experiment(experiment, out);
	return check_plan(experiment->arms[experiment->baseline].plan, options, out, err);
}

/* Of a suite, what its profiles are: each must be as valid as alone. */
static bool
check_suite(const struct plan_suite *suite, const struct check_options *options, struct buf *out, struct error *err)
{
	struct buf unseen;
	bool is_ok = true;

	buf_init(&unseen, OUTPUT_CEILING);
	for (size_t i = 0; is_ok && i < suite->items_n; i++) {
		buf_clear(&unseen);
		is_ok = check_experiment(suite->items[i].experiment, options, &unseen, err);
	}
	buf_fini(&unseen);
	if (is_ok)
		check_print_suite(suite, out);
	return is_ok;
}

enum { OPTION_LATENCY = OPTION_SET + 1 };

static const struct option check_flags[] = {
	PROFILE_FLAGS,
	{"latency", required_argument, NULL, OPTION_LATENCY},
	{0},
};

static bool
take_flag(void *context, int flag)
{
	struct check_options *options = context;

	CHECK_OP(flag, ==, OPTION_LATENCY);
	if (units_parse_time_ns(optarg, &options->latency_ns) && options->latency_ns > 0)
		return true;
	command_bad_usage(&check_command, "--latency: '%s' is not %s", optarg, units_time_form);
	return false;
}

static int
check_run(int argc, char **argv)
{
	struct profile_arguments arguments = {0};
	struct check_options options = {0};
	struct error err = {0};
	char message[1400];
	struct buf out;
	int exit_code;

	if (!profile_arguments_parse(
		    &arguments, &check_command, argc, argv, check_flags, take_flag, &options, &exit_code))
		return exit_code;
	struct plan_experiment *experiment;
	struct plan_suite *suite;

	buf_init(&out, OUTPUT_CEILING);
	bool is_ok = suite_load_any(arguments.profile, arguments.settings, arguments.settings_n, cmd_tables(), &suite,
			     &experiment, &err) &&
		     (suite != NULL ? check_suite(suite, &options, &out, &err)
				    : check_experiment(experiment, &options, &out, &err));

	if (out.length > 0)
		fwrite(out.bytes, 1, out.length, stdout);
	if (is_ok)
		printf("\n%s is valid; nothing was sent\n", arguments.profile);
	else
		fprintf(stderr, "brunt: %s\n", error_text(&err, message, sizeof(message)));
	exit_code = !is_ok ? EXIT_USAGE : fflush(stdout) == 0 ? EXIT_PASSED : EXIT_INTERNAL;
	buf_fini(&out);
	experiment_free(experiment);
	suite_free(suite);
	return exit_code;
}

const struct command check_command = {
	.name = "check",
	.usage = "brunt check PROFILE [--set KEY=VALUE]... [--latency TIME]",
	.help = "validate a profile and show the load that it plans; sends nothing",
	.options = "  --set KEY=VALUE  override a key of the profile, e.g. --set load.steps.to=500/s (repeatable)\n"
		   "  --latency TIME   also say how many requests are in flight at this response time\n",
	.run = check_run,
};
