#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "daemon/submission.h"
#include "unit/load/plans.h"

/* The body of a submission, as JSON or as a profile: no crash, and whatever is refused is refused by a sentence. */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct plan_choice *const protocols[] = {&http1, NULL}, *const readers[] = {&discard, NULL};
	static const struct plan_metric *const metrics[] = {NULL};
	static const struct plan_tables tables = {
		.shapes = shape_choices, .protocols = protocols, .readers = readers, .metrics = metrics};
	const struct submission_terms terms = {.tables = &tables};
	struct submission submission;
	struct error err = {0};
	char targets[256];

	if (size == 0)
		return 0;
	submission_init(&submission);
	bool is_read = bytes[0] != '-';

	if (is_read)
		is_read = submission_parse_json(&submission, (const char *)bytes, size, &err);
	else {
		submission_take_text(&submission, (const char *)bytes + 1, size - 1);
		is_read = true;
	}
	bool is_fine = is_read && submission_check(&submission, &terms, &err);

	CHECK(is_fine || error_is_set(&err));
	(void)submission_targets_text(&submission, targets, sizeof(targets));
	submission_fini(&submission);
	return 0;
}
