#include "judge/search_belief.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

/* Between two levels that were tried; so it is fine where they are close. */
#define CELLS_PER_GAP 32
#define LAPSE 0.02

/* Scales of the logistic, in logarithms of the load: 1% means that from 3% below the break to 3% above it outcomes turn
 * from 5% broken to 95%. */
static const double slopes[] = {0.0005, 0.0025, 0.005, 0.01, 0.02, 0.04};

struct cell {
	double from, to; /* logarithms of the load */
	double weight;
};

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Logarithms of the levels tried, in order and each once, with room beyond either end. Returns how many. */
static size_t
find_edges(const struct search_evidence *evidence, size_t n, double reach, double *edges)
{
	size_t distinct = 1;

	for (size_t i = 0; i < n; i++)
		edges[i + 1] = log(evidence[i].level);
	qsort(edges + 1, n, sizeof(*edges), by_value);
	for (size_t i = 2; i <= n; i++)
		if (edges[i] > edges[distinct])
			edges[++distinct] = edges[i];
	edges[0] = edges[1] - log(reach);
	edges[distinct + 1] = edges[distinct] + log(reach);
	return distinct + 2;
}

static double
likelihood(const struct search_evidence *evidence, size_t n, double at, double slope)
{
	double product = 1;

	for (size_t i = 0; i < n; i++) {
		double breaks = 1 / (1 + exp((at - log(evidence[i].level)) / slope));

		breaks = LAPSE + (1 - 2 * LAPSE) * breaks;
		product *= evidence[i].broke ? breaks : 1 - breaks;
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

struct search_belief
search_believe(const struct search_evidence *evidence, size_t n, double reach)
{
	CHECK_OP(n, >, 0);
	double *edges = must_calloc(n + 2, sizeof(*edges));
	size_t edges_n = find_edges(evidence, n, reach, edges), cells_n = (edges_n - 1) * CELLS_PER_GAP;
	struct cell *cells = must_calloc(cells_n, sizeof(*cells));

	for (size_t i = 0; i < cells_n; i++) {
		double from = edges[i / CELLS_PER_GAP], size = (edges[i / CELLS_PER_GAP + 1] - from) / CELLS_PER_GAP;

		cells[i].from = from + size * (double)(i % CELLS_PER_GAP);
		cells[i].to = cells[i].from + size;
		for (size_t s = 0; s < ARRAY_LEN(slopes); s++)
			cells[i].weight += size * likelihood(evidence, n, cells[i].from + size / 2, slopes[s]);
	}
	struct search_belief belief = {
		quantile(cells, cells_n, 0.025), quantile(cells, cells_n, 0.5), quantile(cells, cells_n, 0.975)};

	free(cells);
	free(edges);
	return belief;
}
