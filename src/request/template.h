#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Request bytes with slots: fixed parts are copied once at start, and what changes from request to request is rendered
 * into the connection's own send buffer without allocation. Slots: ${seq} (number of the arrival), ${uuid} (version 4
 * of the arrival's own random numbers, so that a seed repeats it), ${now} (ns since 1970, the same wherever one request
 * says it), ${random(a,b)} (whole, a ≤ x ≤ b). Each ${uuid} and ${random} draws anew. "$${" stands for "${" itself. A
 * template without slots is never copied. */
struct template;

/* head: request line and headers, ended by the empty line. A body with slots gets its length through the marker that
 * protocol http1 puts into the head (TEMPLATE_CONTENT_LENGTH). */
#define TEMPLATE_CONTENT_LENGTH "${content_length}"

#define TEMPLATE_SLOTS_MAX 64

/* Copies what it needs. body may be NULL. NULL with err set: a slot that does not exist, or is not written right. */
struct template *template_new(const char *head, size_t head_length, const char *body, size_t body_length,
	bool body_has_slots, struct error *err);
void template_free(struct template *template);

/* Most bytes that rendering may need; 0: it has no slots, and template_fixed gives its bytes. */
size_t template_render_max(const struct template *template);
const char *template_fixed(const struct template *template, size_t *length);

/* Renders the request of arrival k; `into` has template_render_max bytes. Returns the length. */
size_t template_render(const struct template *template, uint64_t seed, uint64_t k, char *into);
