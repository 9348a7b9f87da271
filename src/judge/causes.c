#include <inttypes.h>
#include <string.h>

#include "judge/records.h"
#include "judge/rule.h"

/* Which cause is the nearer one to the root where two began in the same row of the series. */
static int
specificity(enum failure_mode mode)
{
	switch (mode) {
	case FAILURE_MODE_OUT_OF_MEMORY: return 5;
	case FAILURE_MODE_CRASH: return 4;
	case FAILURE_MODE_TIMEOUT: return 3;
	case FAILURE_MODE_RESOURCE_EXHAUSTION: return 2;
	case FAILURE_MODE_HIGH_ERROR_RATE: return 1;
	default: return 0;
	}
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

void
causes_order_level(
	struct level_verdict *verdict, const struct level_summary *level, const struct plan *plan, int64_t row_ns)
{
	struct rule_errors errors = rule_errors_of(level);
	struct finding *memory = find_mode(verdict, FAILURE_MODE_OUT_OF_MEMORY);
	struct finding *crash = find_mode(verdict, FAILURE_MODE_CRASH);
	struct finding *timeout = find_mode(verdict, FAILURE_MODE_TIMEOUT);
	struct finding *error_rate = find_mode(verdict, FAILURE_MODE_HIGH_ERROR_RATE);
	const struct finding *death = memory != NULL ? memory : crash;

	follow(crash, memory);
	/* An exit is seen by the next reading, up to a row after the first request that suffered from it. */
	if (death != NULL && timeout != NULL && timeout->onset_ns >= death->onset_ns - row_ns)
		follow(timeout, death);
	if (error_rate == NULL)
		return;
	if (death != NULL && (error_rate->onset_ns >= death->onset_ns - row_ns ||
				     explains(failures_of_a_crash(&level->counts) + errors.timeouts, &errors,
					     plan->break_when.error_rate)))
		follow(error_rate, death);
	if (explains(errors.timeouts, &errors, plan->break_when.error_rate))
		follow(error_rate, timeout);
}

static bool
is_before(const struct finding *a, const struct finding *b, int64_t row_ns)
{
	/* Where nothing was seen of the beginning, others began before. */
	int64_t a_row = a->onset_ns < 0 ? INT64_MAX : a->onset_ns / row_ns;
	int64_t b_row = b->onset_ns < 0 ? INT64_MAX : b->onset_ns / row_ns;

	if (a_row != b_row)
		return a_row < b_row;
	return specificity(a->mode) > specificity(b->mode);
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

void
causes_find(struct verdict *verdict, int64_t row_ns)
{
	if (row_ns <= 0)
		row_ns = 1;
	for (size_t i = 0; i < verdict->levels_n; i++) {
		const struct level_verdict *level = &verdict->levels[i];

		for (size_t k = 0; level->status == LEVEL_BROKEN && k < level->findings_n; k++)
			if (level->findings[k].mode != FAILURE_MODE_NONE && level->findings[k].weight == LEVEL_BROKEN)
				insert(verdict, &level->findings[k], row_ns);
	}
	for (size_t i = 0; i < verdict->evidence_n; i++)
		verdict->causes[verdict->causes_n++] = verdict->evidence[i]->mode;
	verdict->failure_mode = verdict->causes_n > 0 ? verdict->causes[0] : FAILURE_MODE_NONE;
	verdict->onset_ns = verdict->evidence_n > 0 ? verdict->evidence[0]->onset_ns : -1;
}
