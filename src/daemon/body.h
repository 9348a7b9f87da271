#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/yaml.h"

/* A body in JSON as nodes, each of which knows where it stands: read as YAML, which JSON is, once it was found to be
 * JSON, since YAML takes more than that. What is wrong is placed at "body:LINE:COLUMN". NULL with err set. text: the
 * body as the places count in it; NULL: not wanted. Both live in the arena. */
struct plan_node *body_read(struct arena *arena, const char *body, size_t length, char **text, struct error *err);
