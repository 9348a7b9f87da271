#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* A profile that is written from flags, for whoever has a URL and no profile yet: what runs is a profile like any
 * other, and may be kept and edited. */

#define WRITTEN_SLOS_MAX 16
#define WRITTEN_HEADERS_MAX 32

struct written_profile {
	const char *command; /* "stress": what its first line says of its origin */
	const char *url;
	const char *load; /* in YAML: "{search: {from: 20/s, …}, spacing: poisson}" */
	const char *timeout;
	const char *method;                       /* NULL: GET, or POST where there is a body */
	const char *body, *body_file;             /* one of them at most; NULL: none */
	bool is_form;                             /* unless a header says of what type the body is */
	const char *user;                         /* "name:password"; NULL: nobody */
	bool is_insecure;                         /* certificates are not looked at */
	const char *headers[WRITTEN_HEADERS_MAX]; /* "Name: value" */
	size_t headers_n;
	const char *slos[WRITTEN_SLOS_MAX];
	size_t slos_n;
};

/* A value as somebody wrote it, such as 20/s: it stays one value whatever is in it. */
void written_profile_add_value(struct buf *into, const char *text);

/* False with err set: the URL is none, or the body's file is not there. Whatever else is wrong with a value is found
 * where the profile is read. */
bool written_profile_add(const struct written_profile *profile, struct buf *into, struct error *err);

/* Keeps the text for as long as this process lasts, and says where: the processes that --workers starts read it there,
 * too. False with err set. */
bool written_profile_keep(const struct buf *text, char *path, size_t size, struct error *err);

/* Writes the text to a file that is not there yet. False with err set. */
bool written_profile_save(const struct buf *text, const char *path, struct error *err);
