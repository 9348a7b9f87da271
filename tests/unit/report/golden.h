#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define GOLDEN_CEILING ((size_t)64 * 1024 * 1024)

/* What people and programs read is compared with what a person has looked at: tests/unit/report/golden.
 * BRUNT_GOLDEN_WRITE=1 writes them anew, to be looked at again. */
static inline void
assert_golden(const char *name, const char *text)
{
	char path[512];
	struct error err = {0};

	snprintf(path, sizeof(path), TESTS_DIR "/unit/report/golden/%s", name);
	if (getenv("BRUNT_GOLDEN_WRITE") != NULL)
		assert_true(file_write_atomic(path, text, strlen(text), &err));
	char *golden = file_read(path, GOLDEN_CEILING, NULL, &err);

	assert_string_equal(err.message, "");
	assert_string_equal(text, golden);
	free(golden);
}
