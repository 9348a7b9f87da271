#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "plan/plan.h"
#include "unit/plan/fakes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes give a plan or a sentence. What a plan says its profile was gives the same plan again. The first line may
 * be a --set. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = {0}, again_err = {0};
	struct plan_setting setting;
	char *text = must_strndup((const char *)data, size);
	char *line_end = memchr(text, '\n', size), *profile = text;
	size_t settings_n = 0;

	if (size > 6 && memcmp(text, "--set ", 6) == 0 && line_end != NULL) {
		*line_end = '\0';
		profile = line_end + 1;
		settings_n = plan_setting_parse(text + 6, &setting, &(struct error){0}) ? 1 : 0;
	}
	size_t length = size - (size_t)(profile - text);
	struct plan *plan = plan_load_text(profile, length, "fuzz.yaml", &setting, settings_n, &fake_tables, &err);

	CHECK((plan == NULL) == error_is_set(&err));
	if (plan != NULL) {
		struct plan *again = plan_load_text(plan->effective_yaml, strlen(plan->effective_yaml), "fuzz.yaml",
			NULL, 0, &fake_tables, &again_err);

		CHECK(again != NULL);
		CHECK(strcmp(again->effective_yaml, plan->effective_yaml) == 0);
		CHECK(strcmp(again->effective_json, plan->effective_json) == 0);
		CHECK(strcmp(again->hash, plan->hash) == 0);
		CHECK_OP(again->requests_n, ==, plan->requests_n);
		plan_free(again);
	}
	plan_free(plan);
	free(text);
	return 0;
}
