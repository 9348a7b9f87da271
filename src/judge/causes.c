#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "judge/records.h"
#include "judge/rule.h"

/* Which cause is the nearer one to the root where two began in the same row of the series: the lower, the nearer. */
static int
distance(enum failure_mode mode)
{
	static const enum failure_mode nearest_first[] = {FAILURE_MODE_OUT_OF_MEMORY, FAILURE_MODE_CRASH,
		FAILURE_MODE_CONNECTION_LIMIT, FAILURE_MODE_RESOURCE_EXHAUSTION, FAILURE_MODE_SATURATION,
		FAILURE_MODE_TIMEOUT, FAILURE_MODE_HIGH_ERROR_RATE, FAILURE_MODE_LATENCY_DEGRADATION,
		FAILURE_MODE_THRESHOLD, FAILURE_MODE_OBJECTIVE_MISSED};
	int i = 0;

	_Static_assert(ARRAY_LEN(nearest_first) == FAILURE_MODE_COUNT - 1, "every mode has its place");
	while (i < (int)ARRAY_LEN(nearest_first) && nearest_first[i] != mode)
		i++;
	return i;
}

static struct finding *
find_mode(struct level_verdict *verdict, enum failure_mode mode)
{
	for (size_t i = 0; i < verdict->findings_n; i++)
		if (verdict->findings[i].mode == mode)
			return &verdict->findings[i];
	return NULL;
}

static void
follow(struct finding *effect, const struct finding *cause)
{
	if (effect != NULL && cause != NULL && effect->onset_ns < cause->onset_ns)
		effect->onset_ns = cause->onset_ns;
}

/* What a process that ends leaves behind on its connections. */
static uint64_t
failures_of_a_crash(const struct counts *c)
{
	return c->by_failure[FAILURE_CONNECT_REFUSED] + c->by_failure[FAILURE_CONNECT_RESET] +
	       c->by_failure[FAILURE_RESET] + c->by_failure[FAILURE_TRUNCATED] + c->by_failure[FAILURE_CONNECT_FAILED];
}

static bool
explains(uint64_t explained, const struct rule_errors *errors, double threshold)
{
	uint64_t rest = errors->failures > explained ? errors->failures - explained : 0;

	return (double)rest <= threshold * (double)errors->requests;
}

/* Of what is seen by reading the target now and then: up to a row after the first request that suffered from it. */
static void
follow_nearby(struct finding *effect, const struct finding *cause, int64_t row_ns)
{
	if (effect != NULL && cause != NULL && effect->onset_ns >= cause->onset_ns - row_ns)
		follow(effect, cause);
}

static void
order_errors(struct level_verdict *verdict, const struct level_summary *level, const struct plan *plan,
	const struct finding *death, int64_t row_ns)
{
	struct finding *error_rate = find_mode(verdict, FAILURE_MODE_HIGH_ERROR_RATE);
	struct rule_errors errors = rule_errors_of(level);
	double threshold = plan->break_when.error_rate;

	if (error_rate == NULL)
		return;
	follow_nearby(error_rate, death, row_ns);
	if (explains(failures_of_a_crash(&level->counts) + errors.timeouts, &errors, threshold)) {
		follow(error_rate, death);
		follow(error_rate, find_mode(verdict, FAILURE_MODE_CONNECTION_LIMIT));
	}
	if (explains(errors.timeouts, &errors, threshold))
		follow(error_rate, find_mode(verdict, FAILURE_MODE_TIMEOUT));
}

/* Answers become slow on the way to nearly everything else: that leads only where errors or timeouts came later, and
 * nothing explains both. */
static void
order_latency(struct level_verdict *verdict, int64_t row_ns)
{
	static const enum failure_mode explanations[] = {FAILURE_MODE_OUT_OF_MEMORY, FAILURE_MODE_CRASH,
		FAILURE_MODE_CONNECTION_LIMIT, FAILURE_MODE_RESOURCE_EXHAUSTION, FAILURE_MODE_SATURATION};
	struct finding *latency = find_mode(verdict, FAILURE_MODE_LATENCY_DEGRADATION);

	for (size_t i = 0; i < ARRAY_LEN(explanations); i++)
		follow(latency, find_mode(verdict, explanations[i]));
	follow_nearby(latency, find_mode(verdict, FAILURE_MODE_TIMEOUT), row_ns);
	follow_nearby(latency, find_mode(verdict, FAILURE_MODE_HIGH_ERROR_RATE), row_ns);
}

void
causes_order_level(
	struct level_verdict *verdict, const struct level_summary *level, const struct plan *plan, int64_t row_ns)
{
	struct finding *memory = find_mode(verdict, FAILURE_MODE_OUT_OF_MEMORY);
	struct finding *crash = find_mode(verdict, FAILURE_MODE_CRASH);
	struct finding *saturation = find_mode(verdict, FAILURE_MODE_SATURATION);

	follow_nearby(crash, memory, row_ns);
	const struct finding *death =
		memory != NULL && !(crash != NULL && crash->onset_ns < memory->onset_ns) ? memory : crash;

	follow_nearby(saturation, death, row_ns);
	follow_nearby(saturation, find_mode(verdict, FAILURE_MODE_RESOURCE_EXHAUSTION), row_ns);
	follow_nearby(saturation, find_mode(verdict, FAILURE_MODE_CONNECTION_LIMIT), row_ns);
	follow_nearby(find_mode(verdict, FAILURE_MODE_TIMEOUT), death, row_ns);
	order_errors(verdict, level, plan, death, row_ns);
	order_latency(verdict, row_ns);
}

static bool
is_before(const struct finding *a, const struct finding *b, int64_t row_ns)
{
	/* Where nothing was seen of the beginning, others began before. */
	int64_t a_row = a->onset_ns < 0 ? INT64_MAX : a->onset_ns / row_ns;
	int64_t b_row = b->onset_ns < 0 ? INT64_MAX : b->onset_ns / row_ns;

	if (a_row != b_row)
		return a_row < b_row;
	return distance(a->mode) < distance(b->mode);
}

static void
insert(struct verdict *verdict, const struct finding *finding, int64_t row_ns)
{
	size_t place = 0;

	for (size_t i = 0; i < verdict->evidence_n; i++)
		if (verdict->evidence[i]->mode == finding->mode) { /* keep the earlier */
			if (!is_before(finding, verdict->evidence[i], row_ns))
				return;
			memmove(&verdict->evidence[i], &verdict->evidence[i + 1],
				(--verdict->evidence_n - i) * sizeof(verdict->evidence[0]));
			break;
		}
	while (place < verdict->evidence_n && !is_before(finding, verdict->evidence[place], row_ns))
		place++;
	memmove(&verdict->evidence[place + 1], &verdict->evidence[place],
		(verdict->evidence_n++ - place) * sizeof(verdict->evidence[0]));
	verdict->evidence[place] = finding;
}

_Static_assert(FAILURE_MODE_COUNT <= FINDINGS_PER_LEVEL_MAX, "one piece of evidence per cause has its place");

static void
add_level(struct verdict *verdict, const struct level_verdict *level, int64_t row_ns)
{
	for (size_t k = 0; k < level->findings_n; k++)
		if (level->findings[k].mode != FAILURE_MODE_NONE)
			insert(verdict, &level->findings[k], row_ns);
}

bool
causes_are_of_a_break(const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->levels_n; i++)
		if (verdict->levels[i].status == LEVEL_BROKEN)
			return true;
	return false;
}

static bool
has_missed(const struct level_verdict *level)
{
	return level->is_trial ? level->trial == SEARCH_BROKE : level->status < LEVEL_BROKEN && !level->slo_holds;
}

/* Of the levels that broke; where none did, of the first that did not hold what was asked of it. */
void
causes_find(struct verdict *verdict, int64_t row_ns)
{
	bool is_any_broken = causes_are_of_a_break(verdict), is_done = false;

	if (row_ns <= 0)
		row_ns = 1;
	for (size_t i = 0; i < verdict->levels_n && !is_done; i++) {
		const struct level_verdict *level = &verdict->levels[i];

		is_done = !is_any_broken && has_missed(level);
		if (level->status == LEVEL_BROKEN || is_done)
			add_level(verdict, level, row_ns);
	}
	for (size_t i = 0; i < verdict->evidence_n; i++)
		verdict->causes[verdict->causes_n++] = verdict->evidence[i]->mode;
	verdict->failure_mode = verdict->causes_n > 0 ? verdict->causes[0] : FAILURE_MODE_NONE;
	verdict->onset_ns = verdict->evidence_n > 0 ? verdict->evidence[0]->onset_ns : -1;
}
