#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* A URL taken apart as a profile wants it: the server is the target's, the rest the request's. All texts in the form of
 * literal.h. */
struct address {
	const char *base; /* "https://shop.example:8443": scheme and host in small letters, no default port */
	const char *path; /* "/a?b=c", without the fragment; bytes that no URL may hold are percent-encoded */
	const char *user; /* "name:password" as it stood before '@', percent-decoded; NULL: nobody */
};

/* NULL, or what is wrong. A text that begins with a reference ("${env:SERVER}/a") has that as its base. */
const char *address_read(struct arena *arena, const char *text, struct address *address);

/* Whether --host means this base: "shop.example", "shop.example:8443" or the whole of it. */
bool address_is_of(const char *base, const char *host);

/* The text with whatever may not stand in a path as %XX; references are left alone. */
const char *address_encode_path(struct arena *arena, const char *path);

/* As a value of a query or a form: all but letters, digits and -._~ as %XX; references are left alone. */
struct buf;
void address_add_encoded(struct buf *into, const char *text, size_t length);
/* The same as forms have it: a space is '+'. */
void address_add_form(struct buf *into, const char *text, size_t length);
