#include "request/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/check.h"

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *found;
};

struct pattern *
pattern_new(const char *text, struct error *err)
{
	struct pattern *pattern;
	char why[160];
	size_t at;
	int number;
	/* What a server says may be no UTF-8: such bytes fit nothing. */
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &at, NULL);

	if (code == NULL) {
		pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof(why));
		error_set(err, "regex: '%.200s' is not a regular expression: %s (at character %zu)", text, why, at + 1);
		return NULL;
	}
	pattern = must_alloc(sizeof(*pattern));
	pattern->code = code;
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* only quicker */
	pattern->limits = pcre2_match_context_create(NULL);
	pattern->found = pcre2_match_data_create(2, NULL);
	CHECK(pattern->limits != NULL && pattern->found != NULL);
	pcre2_set_match_limit(pattern->limits, PATTERN_STEPS_MOST);
	return pattern;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_match_data_free(pattern->found);
	pcre2_match_context_free(pattern->limits);
	pcre2_code_free(pattern->code);
	free(pattern);
}

bool
pattern_has_group(const struct pattern *pattern)
{
	uint32_t n = 0;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n > 0;
}

enum pattern_result
pattern_find(const struct pattern *pattern, const char *text, size_t length, const char **group, size_t *group_length)
{
	int n = pcre2_match(
		pattern->code, (PCRE2_SPTR)(length > 0 ? text : ""), length, 0, 0, pattern->found, pattern->limits);

	if (n < 0)
		return n == PCRE2_ERROR_NOMATCH ? PATTERN_NOT_FOUND : PATTERN_GAVE_UP;
	if (group == NULL)
		return PATTERN_FOUND;
	const size_t *ends = pcre2_get_ovector_pointer(pattern->found);
	bool takes_part = n != 1 && ends[2] != PCRE2_UNSET; /* 0: there are more groups than are asked for */

	*group = takes_part ? text + ends[2] : NULL;
	*group_length = takes_part ? ends[3] - ends[2] : 0;
	return PATTERN_FOUND;
}
