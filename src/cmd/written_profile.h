#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* A profile that is written from flags, for whoever has a URL and no profile yet: what runs is a profile like any
 * other, and may be kept and edited. */

#define WRITTEN_SLOS_MAX 16

struct written_profile {
	const char *command; /* "stress": what its first line says of its origin */
	const char *url;
	const char *load; /* in YAML: "{search: {from: 20/s, …}, spacing: poisson}" */
	const char *timeout;
	const char *slos[WRITTEN_SLOS_MAX];
	size_t slos_n;
};

/* False with err set: the URL is none. Whatever else is wrong with a value is found where the profile is read. */
bool written_profile_add(const struct written_profile *profile, struct buf *into, struct error *err);

/* Writes the text to `save`, or, where that is NULL, where it lasts as long as this process. The path goes into `path`.
 * False with err set. */
bool written_profile_save(const struct buf *text, const char *save, char *path, size_t size, struct error *err);
