#include "request/split.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "request/template.h"

struct split {
	struct template *template;
	double share;
	bool is_candidate; /* this run */
	char *key;
};

/* What is drawn for one place of one request, or known only while a session goes on, says nothing of who asks. */
static bool
is_lasting(const struct slot *slot)
{
	return slot->ops == &seq_slot || slot->ops == &feed_slot;
}

static bool
check_key(const struct template *template, struct error *err)
{
	size_t n;
	const struct slot *slots_of_key = template_slots(template, &n);

	if (n == 0)
		return error_set(err,
			"split.key: it is the same for all requests; write what tells them apart, such as ${seq} or a column of "
			"data, ${users.id}");
	for (size_t i = 0; i < n; i++)
		if (!is_lasting(&slots_of_key[i]))
			return error_set(err,
				"split.key: '%s' is another one in each place, so that nothing would stick to it; a key holds ${seq} "
				"and columns of data such as ${users.id}",
				slots_of_key[i].ops->name);
	return template_render_max(template) <= SPLIT_KEY_MAX ||
	       error_set(err, "split.key: it may be larger than %zu bytes", SPLIT_KEY_MAX);
}

struct split *
split_new(const struct plan *plan, struct feeds *feeds, struct error *err)
{
	const struct plan_split *asked = &plan->split;

	if (asked->key == NULL)
		return NULL;
	struct template *template =
		template_new_text(&(struct slot_scope){.plan = plan, .feeds = feeds}, asked->key, err);

	if (template == NULL || !check_key(template, err)) {
		template_free(template);
		error_place(err, plan->path, asked->line, asked->column);
		return NULL;
	}
	struct split *split = must_alloc(sizeof(*split));

	*split = (struct split){.template = template,
		.share = asked->share,
		.is_candidate = asked->side == SPLIT_CANDIDATE,
		.key = must_alloc(template_render_max(template))};
	return split;
}

void
split_free(struct split *split)
{
	if (split == NULL)
		return;
	template_free(split->template);
	free(split->key);
	free(split);
}

double
split_place(const char *key, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	return (double)(rng_mix(hash) >> 11) * 0x1p-53;
}

const char *
split_key(struct split *split, uint64_t seed, uint64_t k, size_t *length)
{
	*length = template_render(split->template, &(struct render){.seed = seed, .k = k}, split->key);
	return split->key;
}

bool
split_takes(struct split *split, uint64_t seed, uint64_t k)
{
	size_t length;
	const char *key = split_key(split, seed, k, &length);

	return split_is_candidate(split_place(key, length), split->share) == split->is_candidate;
}
