#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "request/render.h"
#include "request/slot.h"

/* Request bytes with slots: fixed parts are copied once at start, and what changes from request to request is rendered
 * into the connection's own send buffer without allocation. What may stand between ${ and } is said by slots.def;
 * "$${" stands for "${" itself. A template without slots is never copied.
 *
 * What is filled in is escaped for where it stands: in the request line and in a form's body percent-encoded, in a JSON
 * body with JSON's escapes (outside of its strings: as a whole value), in a header without line ends; elsewhere as it
 * is. "${…|json}" alone between the quotes of a string takes their place, so that `json: {n: "${seq|json}"}` sends a
 * number; "${…|raw}" is not escaped; "${…|urlencode}" is percent-encoded wherever it stands. A body is JSON, or a form,
 * when its Content-Type says so; without one, JSON when it begins with { or [. */
struct template;

/* head: request line and headers, ended by the empty line. A body with slots gets its length through the marker that
 * protocol http1 puts into the head (TEMPLATE_CONTENT_LENGTH). */
#define TEMPLATE_CONTENT_LENGTH "${content_length}"

#define TEMPLATE_SLOTS_MAX 64

/* Copies what it needs; what its slots refer to (scope) must outlive it. body may be NULL. NULL with err set: a slot
 * that does not exist, or is not written right. */
struct template *template_new(const struct slot_scope *scope, const char *head, size_t head_length, const char *body,
	size_t body_length, bool body_has_slots, struct error *err);
/* The same for a text that is no request: nothing in it is escaped. */
struct template *template_new_text(const struct slot_scope *scope, const char *text, struct error *err);
void template_free(struct template *template);

/* What it is filled in with, in order. */
const struct slot *template_slots(const struct template *template, size_t *n);

/* Streams of random numbers that come before those of its headers: whoever writes another request line begins there. */
uint64_t template_target_streams(const struct template *template);

/* Most bytes that rendering may need, but for what grows with a session; 0: it has no slots, and template_fixed gives
 * its bytes. */
size_t template_render_max(const struct template *template);
bool template_grows(const struct template *template); /* with its session, that is */
/* All that rendering this one request may need. */
size_t template_render_room(const struct template *template, const struct render *render);
const char *template_fixed(const struct template *template, size_t *length);

/* Renders one request; `into` has template_render_room bytes. Returns the length. */
size_t template_render(const struct template *template, const struct render *render, char *into);
