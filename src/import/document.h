#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* JSON of others as a tree, deeper than what brunt itself writes: browsers put stacks of calls into what they record.
 */
#define DOCUMENT_DEPTH_MAX 200

/* NULL with err set: it is no JSON object. The caller frees it by cJSON_Delete. */
cJSON *document_read_json(const char *text, size_t length, struct error *err);

/* The same of YAML, whose plain scalars are numbers, truth values and null as JSON writes them. `file` is what messages
 * call it. */
cJSON *document_read_yaml(const char *text, size_t length, const char *file, struct error *err);

/* NULL where it is not there, or is none. */
const cJSON *document_object(const cJSON *in, const char *name);
const cJSON *document_array(const cJSON *in, const char *name);
const char *document_text(const cJSON *in, const char *name);
double document_number(const cJSON *in, const char *name, double otherwise);
bool document_is_true(const cJSON *in, const char *name);
