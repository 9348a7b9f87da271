#include "judge/search_belief.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/order.h"

/* Between two levels that were tried; so it is fine where they are close. */
#define CELLS_PER_GAP 32
#define LAPSE 0.02
/* How likely a level that breaks when it is measured for longer was to hold: once one was seen to. */
#define DOUBT 0.1

/* Scales of the logistic, in logarithms of the load: 0.8% means that from 2.4% below the break to 2.4% above it levels
 * turn from 5% broken to 95%. The flattest is what the P95 of one worker's queue makes of levels of 10 s. */
static const double slopes[] = {0.0006, 0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04};

struct cell {
	double from, to; /* logarithms of the load */
	double weight;
};

/* Logarithms of the levels tried, in order and each once, with room beyond either end. Returns how many. */
static size_t
find_edges(const struct search_evidence *evidence, size_t n, double reach, double *edges)
{
	size_t distinct = 1;

	for (size_t i = 0; i < n; i++)
		edges[i + 1] = log(evidence[i].level);
	qsort(edges + 1, n, sizeof(*edges), order_by_value);
	for (size_t i = 2; i <= n; i++)
		if (edges[i] > edges[distinct])
			edges[++distinct] = edges[i];
	edges[0] = edges[1] - log(reach);
	edges[distinct + 1] = edges[distinct] + log(reach);
	return distinct + 2;
}

/* A level by itself is doubted more than one on a ladder, whose misses grow from step to step: the odds count twice. By
 * the simulated targets' coverage: counted once, intervals are a quarter wider and hold 97.4% in place of 96.6%. */
static double
discounted(double doubt)
{
	return doubt * doubt / (doubt * doubt + (1 - doubt) * (1 - doubt));
}

/* at: the evidence's levels' logarithms. */
static double
likelihood(const struct search_evidence *evidence, const double *at, size_t n, double breaks_at, double slope)
{
	double product = 1;

	for (size_t i = 0; i < n; i++) {
		double breaks = LAPSE + (1 - 2 * LAPSE) / (1 + exp((breaks_at - at[i]) / slope));

		if (evidence[i].is_doubtful)
			breaks *= 1 - DOUBT;
		double wrong = discounted(evidence[i].doubt);

		product *= evidence[i].broke ? (1 - wrong) * breaks + wrong * (1 - breaks)
					     : (1 - wrong) * (1 - breaks) + wrong * breaks;
	}
	return product;
}

/* Of all cells' weights; linear within one. */
static double
quantile(const struct cell *cells, size_t n, double share)
{
	double total = 0, passed = 0;

	for (size_t i = 0; i < n; i++)
		total += cells[i].weight;
	for (size_t i = 0; i < n; i++) {
		double left = share * total - passed;

		if (cells[i].weight >= left && cells[i].weight > 0)
			return exp(cells[i].from + (cells[i].to - cells[i].from) * left / cells[i].weight);
		passed += cells[i].weight;
	}
	return exp(cells[n - 1].to);
}

static void
fill_cells(struct cell *cells, size_t n, const double *edges, const struct search_evidence *evidence, size_t evidence_n)
{
	double *at = must_calloc(evidence_n, sizeof(*at));

	for (size_t i = 0; i < evidence_n; i++)
		at[i] = log(evidence[i].level);
	for (size_t i = 0; i < n; i++) {
		const double *gap = &edges[i / CELLS_PER_GAP];
		double size = (gap[1] - gap[0]) / CELLS_PER_GAP;

		cells[i].from = gap[0] + size * (double)(i % CELLS_PER_GAP);
		cells[i].to = cells[i].from + size;
		for (size_t s = 0; s < ARRAY_LEN(slopes); s++)
			cells[i].weight +=
				size * likelihood(evidence, at, evidence_n, cells[i].from + size / 2, slopes[s]);
	}
	free(at);
}

struct search_belief
search_believe(const struct search_evidence *evidence, size_t n, double reach)
{
	CHECK_OP(n, >, 0);
	double *edges = must_calloc(n + 2, sizeof(*edges));
	size_t cells_n = (find_edges(evidence, n, reach, edges) - 1) * CELLS_PER_GAP;
	struct cell *cells = must_calloc(cells_n, sizeof(*cells));

	fill_cells(cells, cells_n, edges, evidence, n);
	struct search_belief belief = {
		quantile(cells, cells_n, 0.025), quantile(cells, cells_n, 0.5), quantile(cells, cells_n, 0.975)};

	free(cells);
	free(edges);
	return belief;
}
