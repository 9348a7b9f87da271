#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a user did wrong, as the sentence that the user reads: where (file:line:column, or a flag), what was found and
 * what would be right. Never used for what the world does during a run: that is counted in a row of
 * measure/failure.def. */
struct error {
	char where[256];    /* "profiles/x.yaml:12:9", "--set load.rate", or empty */
	char message[1024]; /* "rate: '50/z' is not a rate; write 50/s, 3000/min or 20" */
};

/* Each sets the error and returns false, so that a check reads `return error_set(err, …)`. The first message wins: an
 * outer layer may add `where` to an error that has none, but never overwrites one. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_at(struct error *err, const char *file, size_t line, size_t column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Fills `where` if it is empty. Returns false. */
bool error_place(struct error *err, const char *file, size_t line, size_t column);

bool error_is_set(const struct error *err);

/* "where: message", cut to size; returns into. */
const char *error_text(const struct error *err, char *into, size_t size);
