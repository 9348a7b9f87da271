#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "import/importer.h"
#include "unit/plan/fakes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file of any bytes: refused with a sentence, or a profile that loads. The first byte says what kind of file, the
 * second which of its modes. Nothing is read from disk: '@' and curl's -T name files. */

/* Of what it refers to everything is there. */
static void
set_references(const char *profile)
{
	for (const char *p = profile; (p = strstr(p, "${env:")) != NULL; p += 6) {
		const char *end = strchr(p, '}');
		char *name = end != NULL ? must_strndup(p + 6, (size_t)(end - p) - 6) : NULL;

		if (name != NULL && name[0] != '\0' && strchr(name, '=') == NULL)
			CHECK_OP(setenv(name, "s", 1), ==, 0);
		free(name);
	}
}

/* Whatever stands for a server is up to whoever sets it. */
static bool
names_its_server(const char *profile)
{
	const char *url = strstr(profile, "\n  url: ");

	CHECK(url != NULL);
	return memmem(url, strcspn(url + 1, "\n") + 1, "${", 2) == NULL;
}

static void
check_profile(const struct import *import)
{
	struct error err = {0};
	char message[1400];

	set_references(import->profile.bytes);
	struct plan *plan =
		plan_load_text(import->profile.bytes, import->profile.length, "fuzz.yaml", NULL, 0, &fake_tables, &err);

	if (plan == NULL)
		fprintf(stderr, "%s\n%s\n", error_text(&err, message, sizeof(message)), import->profile.bytes);
	CHECK(plan != NULL);
	plan_free(plan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_options options = {.file = "fuzz", .most = IMPORT_REQUESTS_DEFAULT, .host = NULL};
	struct error err = {0};
	struct import import;
	size_t kinds = 0;

	if (size < 2)
		return 0;
	while (importers[kinds] != NULL)
		kinds++;
	const struct importer *importer = importers[data[0] % kinds];
	char *text = must_alloc(size);

	memcpy(text, data + 2, size - 2);
	for (size_t i = 0; i + 2 < size; i++)
		text[i] = text[i] == '@' ? 'a' : text[i] == 'T' ? 't' : text[i];
	options.modes =
		data[1] & importer->modes & ~(unsigned)IMPORT_AS_TRACE; /* which wants a file beside the profile */
	options.with_secrets = (data[1] & 0x80) != 0;
	options.url = importer->needs_url || (data[1] & 0x40) != 0 ? "http://127.0.0.1:1" : NULL;
	bool is_made = import_make(&import, importer, &options, text, size - 2, &err);

	CHECK(is_made != error_is_set(&err));
	if (is_made && names_its_server(import.profile.bytes))
		check_profile(&import);
	import_free(&import);
	free(text);
	return 0;
}
