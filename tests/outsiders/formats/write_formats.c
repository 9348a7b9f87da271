#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/file.h"
#include "unit/report/hostile.h"

/* write_formats breaks|hostile|unreachable DIR: every document of every reporter about a run that is always the same.
 * Prints the V2 histogram of its response times, which Java's library prints percentiles of. */

static bool
write_all(const struct report *report, const char *dir)
{
	struct error err = {0};

	for (size_t i = 0; reporters[i] != NULL; i++)
		for (const struct report_document *d = reporters[i]->documents; d->file != NULL; d++) {
			char path[512];
			struct buf text;

			snprintf(path, sizeof(path), "%s/%s", dir, d->file);
			buf_init(&text, (size_t)16 << 20);
			bool is_written =
				d->write(report, &text) && file_write_atomic(path, text.bytes, text.length, &err);

			buf_fini(&text);
			if (!is_written) {
				fprintf(stderr, "write_formats: %s: %s\n", d->file, err.message);
				return false;
			}
		}
	return true;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	bool is_hostile = strcmp(argv[1], "hostile") == 0, is_unreachable = strcmp(argv[1], "unreachable") == 0;
	struct plan plan = is_hostile ? hostile_plan() : fixture_plan();
	struct summary *summary = fixture_summary(&plan, is_unreachable ? 0 : 3);
	struct verdict verdict = is_hostile       ? hostile_verdict()
				 : is_unreachable ? fixture_unreachable()
						  : fixture_verdict();
	const struct report report =
		is_hostile ? hostile_report(&plan, summary, &verdict) : fixture_report(&plan, summary, &verdict);
	bool is_written = write_all(&report, argv[2]);
	char *encoded = histogram_encode(&summary->measured.histograms[METRIC_RESPONSE]);

	printf("%s\n", encoded);
	free(encoded);
	summary_free(summary);
	return is_written ? 0 : 1;
}
