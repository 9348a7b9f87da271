#include "judge/sample.h"

#include "base/check.h"
#include "base/rng.h"
#include "base/units.h"

static size_t
blocks_of(const struct arm *arm)
{
	size_t n = 0;

	for (size_t r = 0; r < arm->runs_n; r++)
		n += arm->runs[r].blocks->n;
	return n;
}

/* Long blocks rather than many: what is lost by having 20 instead of 100 is a few percent of an interval's width
 * (Student's t with 38 degrees of freedom: 2.02 for 1.98), what is lost by blocks that depend on their neighbours is
 * the coverage. */
static size_t
group_size(const struct arm *arm)
{
	size_t n = blocks_of(arm);

	return n >= 2 * SAMPLE_BLOCKS_WANTED ? n / SAMPLE_BLOCKS_WANTED : 1;
}

/* A last group of less than half the size joins the one before it. */
static void
add_run(struct sample *sample, size_t run, size_t group)
{
	const struct blocks *blocks = sample->arm->runs[run].blocks;
	size_t groups = (blocks->n + group / 2) / group;

	if (blocks->n == 0)
		return;
	if (groups == 0)
		groups = 1;
	for (size_t i = 0; i < groups; i++) {
		size_t from = i * group, until = i + 1 < groups ? from + group : blocks->n;
		struct sample_block block = {.first = &blocks->blocks[from], .n = until - from, .run = sample->runs_n};
		int64_t window_ns = 0;

		for (size_t k = from; k < until; k++)
			window_ns += blocks->blocks[k].window_ns;
		if (ns_to_s(window_ns) > sample->block_s)
			sample->block_s = ns_to_s(window_ns);
		sample->blocks[sample->n++] = block;
	}
	sample->runs_n++;
}

static void
draw(struct sample *sample, uint64_t seed, unsigned side)
{
	uint64_t k = (uint64_t)side << 40;

	for (size_t b = 0; b < sample->resamples; b++)
		for (size_t i = 0; i < sample->n; i++)
			sample->times[b * sample->n + rng_at(seed, RNG_RESAMPLE, k++) % sample->n]++;
}

static void
sample_init(struct sample *sample, const struct arm *arm, size_t group, uint64_t resamples)
{
	*sample = (struct sample){.arm = arm, .resamples = (size_t)resamples};
	sample->blocks = must_calloc(blocks_of(arm) + 1, sizeof(*sample->blocks));
	for (size_t r = 0; r < arm->runs_n; r++)
		add_run(sample, r, group);
	sample->times = must_calloc(sample->resamples * sample->n + 1, sizeof(*sample->times));
}

/* A single run is held against the noise between the other arm's runs by way of their blocks, which must then be as
 * long as its own, as long as there are not too many of them. */
void
sample_init_both(struct sample samples[2], const struct arm *const arms[2], uint64_t resamples, uint64_t seed)
{
	size_t groups[2] = {group_size(arms[0]), group_size(arms[1])};

	for (int i = 0; i < 2; i++)
		if (arms[i]->runs_n == 1 && arms[1 - i]->runs_n > 1 &&
			blocks_of(arms[1 - i]) / groups[i] <= SAMPLE_BLOCKS_MAX)
			groups[1 - i] = groups[i];
	for (unsigned i = 0; i < 2; i++) {
		sample_init(&samples[i], arms[i], groups[i], resamples);
		draw(&samples[i], seed, i);
	}
}

void
sample_fini(struct sample *sample)
{
	free(sample->blocks);
	free(sample->times);
	*sample = (struct sample){0};
}
