#include "load/schedule.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"
#include "load/line.h"
#include "load/named.h"

/* The warm-up's gaps are drawn apart from the shape's, so that its length changes nothing of what is measured. */
#define RNG_WARMUP_SPACING (RNG_SPACING + 0x100)

/* Where a count ends a load at random, its gaps are added up at the start; beyond so many the end is set 6 standard
 * deviations late instead: of Poisson arrivals 0.2% of the whole. */
#define GAPS_SUMMED_MOST (UINT64_C(10) * 1000 * 1000)

static double
mass_of(const struct gap *gap, uint64_t stream, uint64_t count)
{
	double mass = 0;

	if (count > GAPS_SUMMED_MOST)
		return (double)count + 6 * sqrt((double)count * gap_variance(gap));
	for (uint64_t k = 0; k < count; k++)
		mass += gap_at(gap, stream, k);
	return mass;
}

static bool
is_random(const struct schedule *s)
{
	return gap_is_random(&s->gap) && !s->shape->is_timed;
}

/* The area in which `count` arrivals and no more lie: up to where the next one would be due. */
static double
area_of_count(const struct schedule *s, uint64_t stream, uint64_t count)
{
	return is_random(s) ? mass_of(&s->gap, stream, count + 1) : (double)count;
}

/* The load's first level; where that is 0, the mean of its first plateau that is not. 0: the load sends nothing. */
static double
first_level(const struct schedule *s)
{
	double level = s->shape->level_at(s->params, 0);

	for (size_t i = 0; level == 0 && i < schedule_levels_count(s); i++)
		level = schedule_level_span(s, i).offered;
	return level;
}

static void
init_duration(struct schedule *s)
{
	s->duration_ns = s->shape->duration_ns(s->params);
	s->count_limit = s->shape->count_limit ? s->shape->count_limit(s->params) : 0;
	if (s->count_limit > 0 && !s->in_users) {
		int64_t end_ns = s->shape->when_ns(s->params, area_of_count(s, RNG_SPACING, s->count_limit));

		s->duration_ns = end_ns < s->duration_ns ? end_ns : s->duration_ns;
	}
}

static void
init_warmup(struct schedule *s, const struct plan_load *load)
{
	s->warmup_level = first_level(s);
	s->warmup_ns = load->warmup_ns;
	if (load->warmup_requests == 0)
		return;
	s->warmup_limit = load->warmup_requests;
	s->warmup_ns = s->in_users
			       ? INT64_MAX
			       : flat_when_ns(s->warmup_level, area_of_count(s, RNG_WARMUP_SPACING, s->warmup_limit));
}

void
schedule_init(struct schedule *schedule, const struct plan_load *load, uint64_t seed)
{
	*schedule = (struct schedule){
		.shape = shape_of(&load->shape),
		.params = load->shape.params,
		.gap = {load->spacing, load->burstiness, seed},
		.in_users = load->in_users,
		.shards = 1,
	};
	init_duration(schedule);
	init_warmup(schedule, load);
}

/* A steered load is judged as it goes on, so that what breaks the target must be its own. */
static bool
is_steered_rightly(const struct plan *plan, const struct schedule *s, struct error *err)
{
	const char *name = s->shape->choice.name;

	if (!schedule_is_steered(s))
		return true;
	if (plan->scenarios_n > 1)
		return error_set(err,
			"%s: a scenario beside it would break the target with it; let it be the only one, and give "
			"its requests weights",
			name);
	if (s->warmup_limit > 0)
		return error_set(err,
			"%s: its levels settle before they are measured; leave warmup.requests out, or write a time",
			name);
	if (plan->stop.when != STOP_FIRST_BROKEN)
		return error_set(
			err, "%s: it goes on after a level that broke, and ends by itself; leave `stop` out", name);
	return true;
}

/* A load of plateaus that is judged as a whole goes on to its end: that, and no more, may be asked of it. */
static bool
can_stop_so(const struct plan *plan)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_load *load = &plan->scenarios[i].load;
		struct schedule schedule;

		schedule_init(&schedule, load, plan->seed);
		if (shape_of(&load->shape)->is_stepped ||
			(plan->stop.when == STOP_MAX && schedule_levels_count(&schedule) > 1))
			return true;
	}
	return false;
}

bool
schedule_check(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->scenarios_n; i++) {
		const struct plan_load *load = &plan->scenarios[i].load;
		struct schedule schedule;

		schedule_init(&schedule, load, plan->seed);
		if (!(first_level(&schedule) > 0))
			error_set(err, "%s: this load sends nothing; give it a level above 0, such as 50/s",
				load->shape.choice->name);
		else if (!load->in_users && schedule.duration_ns > LOAD_NS_MOST)
			error_set(err,
				"%s: this load takes longer than a year; write a smaller count or a higher level",
				load->shape.choice->name);
		else if (load->in_users && schedule.duration_ns == INT64_MAX && load->shape.choice->flat_key == NULL)
			error_set(err,
				"%s: users send when they are free, so that a count is nowhere in time; write for: 10m",
				load->shape.choice->name);
		else if (is_steered_rightly(plan, &schedule, err) &&
			 named_check(plan, &plan->scenarios[i], &schedule, err))
			continue;
		return error_place(err, plan->path, load->shape.line, load->shape.column);
	}
	if (!plan->stop.is_given || can_stop_so(plan))
		return true;
	error_set(err, "stop: %s has no levels that it could end after; leave `stop` out, or write steps or levels",
		plan->scenarios[0].load.shape.choice->name);
	return error_place(err, plan->path, plan->stop.line, plan->stop.column);
}

static int64_t
due_in_shape(const struct schedule *s, double area)
{
	for (size_t i = s->steers_n; i-- > 0;)
		if (area >= s->steers[i].base)
			return after_ns(s->steers[i].at_ns, flat_when_ns(s->steers[i].level, area - s->steers[i].base));
	return after_ns(s->warmup_ns, s->shape->when_ns(s->params, area));
}

/* The cursor's k-th arrival of its piece, whoever's it is; false: the piece has no more. */
static bool
due_in_piece(const struct schedule *s, const struct schedule_cursor *c, double area, int64_t *due_ns)
{
	uint64_t limit = c->in_shape ? s->count_limit : s->warmup_limit;

	if (limit > 0 && c->k >= limit)
		return false;
	*due_ns = c->in_shape ? due_in_shape(s, area) : flat_when_ns(s->warmup_level, area);
	return *due_ns < (c->in_shape ? schedule_end_ns(s) : s->warmup_ns);
}

static bool
is_ours(const struct schedule *s, uint64_t k)
{
	return s->shards == 1 || k % s->shards == s->shard;
}

/* Uniform: other shards' arrivals are stepped over at once, as long as they lie in the same piece; stepping one by one
 * past the last `shards` of a piece finds its end. */
static void
pass_others(const struct schedule *s, struct schedule_cursor *c)
{
	uint64_t ahead = (s->shard + s->shards - (c->before + c->k) % s->shards) % s->shards;
	struct schedule_cursor last = *c;
	int64_t due_ns;

	last.k += ahead;
	if (ahead > 0 && due_in_piece(s, &last, (double)last.k, &due_ns))
		c->k = last.k;
}

/* Moves the cursor to the next arrival that is ours, past others' and past the end of the warm-up. */
static void
find_next(const struct schedule *s, struct schedule_cursor *c)
{
	bool at_random = is_random(s);
	int64_t due_ns;
	double gap;

	c->is_found = true;
	c->version = s->version;
	c->has_next = false;
	if (s->in_users)
		return;
	for (;;) {
		if (!at_random && s->shards > 1)
			pass_others(s, c);

		gap = at_random ? gap_at(&s->gap, c->in_shape ? RNG_SPACING : RNG_WARMUP_SPACING, c->k) : 0;

		if (due_in_piece(s, c, at_random ? c->mass + gap : (double)c->k, &due_ns)) {
			if (is_ours(s, c->before + c->k))
				break;
			c->k++;
			c->mass += gap;
		} else if (c->in_shape)
			return;
		else
			*c = (struct schedule_cursor){
				.before = c->k, .in_shape = true, .is_found = true, .version = c->version};
	}
	c->has_next = true;
	c->gap = gap;
	c->next =
		(struct arrival){.k = c->before + c->k, .of_shape = c->k, .due_ns = due_ns, .is_warmup = !c->in_shape};
}

bool
schedule_peek(const struct schedule *schedule, const struct schedule_cursor *cursor, struct arrival *arrival)
{
	if (cursor->is_found && cursor->version == schedule->version) {
		*arrival = cursor->next;
		return cursor->has_next;
	}

	struct schedule_cursor found = *cursor;

	find_next(schedule, &found);
	*arrival = found.next;
	return found.has_next;
}

void
schedule_advance(const struct schedule *schedule, struct schedule_cursor *cursor)
{
	if (!cursor->is_found || cursor->version != schedule->version)
		find_next(schedule, cursor);
	if (!cursor->has_next)
		return;
	cursor->k++;
	cursor->mass += cursor->gap;
	find_next(schedule, cursor);
}

int64_t
schedule_end_ns(const struct schedule *schedule)
{
	return after_ns(schedule->warmup_ns, schedule->duration_ns);
}

int64_t
schedule_measured_from_ns(const struct schedule *schedule)
{
	return schedule->warmup_ns;
}

double
schedule_level_at(const struct schedule *schedule, int64_t t_ns)
{
	if (t_ns < 0 || t_ns >= schedule_end_ns(schedule))
		return 0;
	for (size_t i = schedule->steers_n; i-- > 0;)
		if (t_ns >= schedule->steers[i].at_ns)
			return schedule->steers[i].level;
	if (t_ns < schedule->warmup_ns)
		return schedule->warmup_level;
	return schedule->shape->level_at(schedule->params, t_ns - schedule->warmup_ns);
}

uint64_t
schedule_users_most(const struct schedule *s)
{
	return (uint64_t)fmax(1, round(s->shape->level_peak(s->params)));
}

/* Arrivals of the shape before t, as steered so far. */
static double
area_at(const struct schedule *s, int64_t t_ns)
{
	for (size_t i = s->steers_n; i-- > 0;)
		if (t_ns >= s->steers[i].at_ns)
			return s->steers[i].base + flat_arrivals_until(s->steers[i].level, t_ns - s->steers[i].at_ns);
	return s->shape->arrivals_until(s->params, t_ns - s->warmup_ns);
}

static bool
is_due_before(const struct schedule *s, struct schedule_cursor *c, uint64_t k, int64_t t_ns)
{
	int64_t due_ns;

	c->k = k;
	return due_in_piece(s, c, (double)k, &due_ns) && due_ns < t_ns;
}

/* Uniform: moves the cursor to the first arrival of its piece that is not due before t, whoever's it is. The area says
 * where, to within rounding; the due times themselves settle it. */
static void
seek_in_piece(const struct schedule *s, struct schedule_cursor *c, int64_t t_ns)
{
	double area = c->in_shape ? area_at(s, t_ns) : flat_arrivals_until(s->warmup_level, t_ns);
	uint64_t limit = c->in_shape ? s->count_limit : s->warmup_limit;
	uint64_t k = area > 1 ? (uint64_t)area - 1 : 0;

	if (limit > 0 && k > limit)
		k = limit;
	while (k > 0 && !is_due_before(s, c, k - 1, t_ns))
		k--;
	while (is_due_before(s, c, k, t_ns))
		k++;
	c->k = k;
}

static void
seek_uniform(const struct schedule *s, struct schedule_cursor *c, int64_t t_ns)
{
	*c = (struct schedule_cursor){0};
	seek_in_piece(s, c, t_ns < s->warmup_ns ? t_ns : s->warmup_ns);
	if (t_ns >= s->warmup_ns) {
		*c = (struct schedule_cursor){.before = c->k, .in_shape = true};
		seek_in_piece(s, c, t_ns < schedule_end_ns(s) ? t_ns : schedule_end_ns(s));
	}
}

/* Gaps can only be added up from the start, some 20 ns each of Poisson arrivals. */
static void
seek_random(const struct schedule *s, struct schedule_cursor *c, int64_t t_ns)
{
	struct arrival next;

	if (!schedule_peek(s, c, &next) || next.due_ns >= t_ns)
		*c = (struct schedule_cursor){0};
	while (schedule_peek(s, c, &next) && next.due_ns < t_ns)
		schedule_advance(s, c);
}

void
schedule_seek(const struct schedule *schedule, struct schedule_cursor *cursor, int64_t t_ns)
{
	if (schedule->in_users)
		return;
	if (is_random(schedule))
		seek_random(schedule, cursor, t_ns);
	else
		seek_uniform(schedule, cursor, t_ns);
}

/* At random: of the shape, whose count makes the number certain where it ends the load. */
static double
expected_of_shape(const struct schedule *s)
{
	double mean = area_at(s, schedule_end_ns(s)), count = (double)s->count_limit;
	bool ends_by_count = s->duration_ns < s->shape->duration_ns(s->params) && s->steers_n == 0;

	if (s->count_limit == 0)
		return mean;
	return ends_by_count ? count : fmin(mean, count);
}

static double
expected_of_warmup(const struct schedule *s)
{
	return s->warmup_limit > 0 ? (double)s->warmup_limit : flat_arrivals_until(s->warmup_level, s->warmup_ns);
}

double
schedule_expected(const struct schedule *schedule)
{
	struct schedule_cursor end;

	if (schedule->in_users)
		return (double)(schedule->count_limit + (schedule->count_limit > 0 ? schedule->warmup_limit : 0));
	if (is_random(schedule))
		return expected_of_warmup(schedule) + expected_of_shape(schedule);
	seek_uniform(schedule, &end, schedule_end_ns(schedule));
	return (double)(end.before + end.k);
}

double
schedule_expected_between(const struct schedule *schedule, int64_t from_ns, int64_t to_ns)
{
	struct schedule_cursor from, to;

	CHECK(!schedule->in_users);
	if (!is_random(schedule)) {
		seek_uniform(schedule, &from, from_ns);
		seek_uniform(schedule, &to, to_ns);
		return (double)(to.before + to.k - from.before - from.k);
	}
	if (from_ns == 0 && to_ns == schedule->warmup_ns)
		return expected_of_warmup(schedule);
	if (from_ns == schedule->warmup_ns && to_ns == schedule_end_ns(schedule))
		return expected_of_shape(schedule);
	if (to_ns <= schedule->warmup_ns)
		return flat_arrivals_until(schedule->warmup_level, to_ns - from_ns);
	return area_at(schedule, to_ns) - area_at(schedule, from_ns);
}

size_t
schedule_levels_count(const struct schedule *schedule)
{
	return schedule->shape->levels_count ? schedule->shape->levels_count(schedule->params) : 1;
}

/* The whole of a shape is one level, offering its mean. */
static struct level_span
whole_span(const struct schedule *s)
{
	if (s->duration_ns == INT64_MAX)
		return (struct level_span){0, INT64_MAX, s->shape->level_at(s->params, 0)};
	return (struct level_span){
		0, s->duration_ns, s->shape->arrivals_until(s->params, s->duration_ns) / ns_to_s(s->duration_ns)};
}

struct level_span
schedule_level_span(const struct schedule *schedule, size_t i)
{
	CHECK_OP(i, <, schedule_levels_count(schedule));
	struct level_span span =
		schedule->shape->level_span ? schedule->shape->level_span(schedule->params, i) : whole_span(schedule);

	span.start_ns = after_ns(span.start_ns, schedule->warmup_ns);
	span.end_ns = after_ns(span.end_ns, schedule->warmup_ns);
	return span;
}

bool
schedule_is_steered(const struct schedule *schedule)
{
	return schedule->shape->level_most != NULL;
}

void
schedule_steer(struct schedule *schedule, double level, int64_t at_ns)
{
	size_t n = schedule->steers_n;

	CHECK(level >= 0);
	at_ns = at_ns > schedule->warmup_ns ? at_ns : schedule->warmup_ns;
	if (at_ns >= schedule_end_ns(schedule))
		return;
	while (n > 0 && schedule->steers[n - 1].at_ns > at_ns)
		n--;
	schedule->steers_n = n;
	double base = area_at(schedule, at_ns);

	if (n == SCHEDULE_STEERS_MAX)
		memmove(schedule->steers, schedule->steers + 1, --n * sizeof(schedule->steers[0]));
	schedule->steers[n] = (struct schedule_steer){at_ns, level, base};
	schedule->steers_n = n + 1;
	schedule->version++;
}

void
schedule_end_warmup(struct schedule *schedule, int64_t at_ns)
{
	CHECK(schedule->in_users && schedule->warmup_ns == INT64_MAX);
	schedule->warmup_ns = at_ns;
}
