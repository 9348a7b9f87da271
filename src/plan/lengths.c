#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "plan/data.h"
#include "plan/parse.h"

/* How many tokens: one number, a distribution, or a list of numbers. */

/* A lognormal draw beyond this many standard deviations comes once in 3.5 million: where no bound is given, it is the
 * bound. */
#define LOGNORMAL_SIGMAS_MOST 5

#define TOKENS_FORM                                                                                                    \
	"500, uniform:10..1000, lognormal:MEDIAN:SIGMA, or a map of lengths to weights such as {100: 9, 4000: 1}"

static bool
parse_tokens(const char *text, size_t length, uint64_t *tokens)
{
	char copy[32];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return units_parse_count(copy, tokens) && *tokens >= 1 && *tokens <= DATA_TOKENS_CEILING;
}

/* "10..1000" */
static bool
parse_uniform(const char *text, struct plan_lengths *lengths)
{
	const char *dots = strstr(text, "..");

	lengths->kind = LENGTHS_UNIFORM;
	return dots != NULL && parse_tokens(text, (size_t)(dots - text), &lengths->least) &&
	       parse_tokens(dots + 2, strlen(dots + 2), &lengths->most) && lengths->least <= lengths->most;
}

/* "MEDIAN:SIGMA", "MEDIAN:SIGMA:MOST" */
static bool
parse_lognormal(const char *text, struct plan_lengths *lengths)
{
	const char *colon = strchr(text, ':');
	uint64_t median;
	char *end;

	if (colon == NULL || !parse_tokens(text, (size_t)(colon - text), &median))
		return false;
	if (colon[1] < '0' || colon[1] > '9')
		return false;
	lengths->kind = LENGTHS_LOGNORMAL;
	lengths->median = (double)median;
	lengths->sigma = strtod(colon + 1, &end);
	lengths->least = 1;
	double most = lengths->median * exp(LOGNORMAL_SIGMAS_MOST * lengths->sigma);

	lengths->most = most < (double)DATA_TOKENS_CEILING ? (uint64_t)ceil(most) : DATA_TOKENS_CEILING;
	if (!(lengths->sigma <= 10))
		return false;
	return *end == '\0' ||
	       (*end == ':' && parse_tokens(end + 1, strlen(end + 1), &lengths->most) && lengths->most >= median);
}

static bool
parse_scalar(const char *text, struct plan_lengths *lengths)
{
	static const char uniform[] = "uniform:", lognormal[] = "lognormal:";

	if (strncmp(text, uniform, sizeof(uniform) - 1) == 0)
		return parse_uniform(text + sizeof(uniform) - 1, lengths);
	if (strncmp(text, lognormal, sizeof(lognormal) - 1) == 0)
		return parse_lognormal(text + sizeof(lognormal) - 1, lengths);
	lengths->kind = LENGTHS_FIXED;
	if (!parse_tokens(text, strlen(text), &lengths->least))
		return false;
	lengths->most = lengths->least;
	return true;
}

/* An item of the list or map: its length, and its weight, 1 in a list. */
static bool
parse_item(const struct plan_node *item, bool is_map, uint64_t *tokens, double *weight)
{
	const char *text = is_map ? item->key : item->text;
	char *end;

	if (item->kind != NODE_SCALAR || !parse_tokens(text, strlen(text), tokens))
		return false;
	*weight = is_map ? strtod(item->text, &end) : 1;
	return !is_map || (*end == '\0' && item->text[0] >= '0' && item->text[0] <= '9' && isfinite(*weight));
}

static bool
parse_list(struct plan_context *context, const struct plan_node *node, struct plan_lengths *lengths, struct error *err)
{
	uint64_t *values = arena_alloc(context->arena, (node->n + 1) * sizeof(*values));
	double *until = arena_alloc(context->arena, (node->n + 1) * sizeof(*until)), sum = 0, weight;

	if (node->n == 0 || node->n > DATA_LENGTHS_CEILING)
		return plan_error(node, err, "%s: write 1 to %zu lengths", node->key, DATA_LENGTHS_CEILING);
	*lengths = (struct plan_lengths){
		.kind = LENGTHS_LIST, .values = values, .until = until, .least = DATA_TOKENS_CEILING};
	for (const struct plan_node *item = node->first; item != NULL; item = item->next) {
		uint64_t *value = &values[lengths->values_n];

		if (!parse_item(item, node->kind == NODE_MAP, value, &weight))
			return plan_error(item, err,
				"%s: each is a number of tokens with its weight; write " TOKENS_FORM, node->key);
		sum += weight;
		until[lengths->values_n++] = sum;
		lengths->least = *value < lengths->least ? *value : lengths->least;
		lengths->most = *value > lengths->most ? *value : lengths->most;
	}
	if (!(sum > 0))
		return plan_error(node, err, "%s: one of the weights must be above 0", node->key);
	for (size_t i = 0; i < lengths->values_n; i++)
		until[i] /= sum;
	return true;
}

bool
data_parse_lengths(struct plan_context *context, const struct plan_node *node, void *into, struct error *err)
{
	struct plan_lengths *lengths = into;

	if (node->kind != NODE_SCALAR)
		return parse_list(context, node, lengths, err);
	return parse_scalar(node->text, lengths) ||
	       plan_error(node, err, "%s: '%.64s' is not a length in tokens (1 to %llu); write " TOKENS_FORM, node->key,
		       node->source, (unsigned long long)DATA_TOKENS_CEILING);
}

/* Box and Muller, "A note on the generation of random normal deviates", 1958. */
static double
normal(double u, double v)
{
	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static uint64_t
bounded(const struct plan_lengths *lengths, double tokens)
{
	if (tokens >= (double)lengths->most)
		return lengths->most;
	return tokens <= (double)lengths->least ? lengths->least : (uint64_t)llround(tokens);
}

uint64_t
plan_lengths_draw(const struct plan_lengths *lengths, double u, double v)
{
	size_t i = 0;

	switch (lengths->kind) {
	case LENGTHS_FIXED: return lengths->most;
	case LENGTHS_UNIFORM: return lengths->least + (uint64_t)(u * (double)(lengths->most - lengths->least + 1));
	case LENGTHS_LOGNORMAL: return bounded(lengths, lengths->median * exp(lengths->sigma * normal(u, v)));
	case LENGTHS_LIST:
		while (i + 1 < lengths->values_n && u >= lengths->until[i])
			i++;
		return lengths->values[i];
	case LENGTHS_NONE: break;
	}
	return 0;
}
