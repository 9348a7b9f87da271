#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "plan/yaml.h"

/* A tree as text again. The same tree gives the same bytes, and YAML that is read again the same tree. */

void emit_yaml(struct buf *into, const struct plan_node *root); /* references stay references */

/* Unquoted numbers, true, false and null are those of JSON, everything else is a string. is_resolved: references show
 * what they stand for. */
void emit_json(struct buf *into, const struct plan_node *node, bool is_resolved);

bool emit_is_json_number(const char *text); /* RFC 8259 §6 */
