#include "target/llm_truth.h"

#include <string.h>

#define ID_MAX 64

static bool
is_plain(char c)
{
	return c > ' ' && c <= '~';
}

/* One word, whatever the client sent. */
static void
add_id(struct truth *t, const char *id)
{
	char word[ID_MAX + 1];
	size_t length = 0;

	for (; id != NULL && id[length] != '\0' && length < ID_MAX; length++)
		word[length] = (char)(is_plain(id[length]) ? id[length] : '_');
	word[length] = '\0';
	truth_put_word(t, length > 0 ? word : "-");
}

void
truth_add_answer(struct truth *t, const struct truth_answer *a)
{
	uint64_t timed = a->times != NULL ? a->completion_tokens : 0;

	if (t->fd < 0)
		return;
	truth_put_line(t, &a->line);
	truth_put_word(t, a->dialect);
	truth_put_word(t, a->finish);
	truth_put_number(t, ' ', a->prompt_tokens);
	truth_put_number(t, ' ', a->completion_tokens);
	truth_put_number(t, ' ', a->cached_tokens);
	add_id(t, a->request_id);
	for (uint64_t i = 0; i < timed; i++) {
		truth_put_number(t, ' ', (uint64_t)a->times[i].modelled_ns);
		truth_put_number(t, ':', (uint64_t)a->times[i].handed_ns);
	}
	truth_put_end(t);
}
