#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/buf.h"
#include "import/draft.h"

/* What the files of the importer of OpenAPI share. */

/* Nodes that examples may be made of, in the whole document: references may multiply. */
#define OPENAPI_NODES_MAX 100000
#define OPENAPI_DEPTH_MAX 24

struct openapi {
	struct draft *draft;
	const cJSON *root;
	size_t operation; /* from 1: how notes count */
	size_t nodes;     /* made so far */
};

/* What a $ref within this document points at, through as many as there are; NULL: elsewhere, nowhere, or in a circle.
 * What is none is itself. */
const cJSON *openapi_resolve(const struct openapi *api, const cJSON *node);

/* A value of the schema, as an example gives it or made up: the least that its types, bounds and formats ask for. A new
 * tree; NULL: none can be made. */
cJSON *openapi_make(struct openapi *api, const cJSON *schema);

/* The same of a parameter, or of a media type: its own example goes first. */
cJSON *openapi_example(struct openapi *api, const cJSON *of);

/* As YAML in one line, for `json:`. */
void openapi_add_json(struct buf *into, const cJSON *value);

/* As a plain text: numbers as JSON writes them. */
const char *openapi_text_of(struct openapi *api, const cJSON *value);

/* Path, query, headers and cookies of an operation. False: it is left out, which was said. */
bool openapi_set_parameters(struct openapi *api, struct draft_request *request, const char *base, const char *path,
	const cJSON *item, const cJSON *operation);
/* The body that it asks for. False: as above. */
bool openapi_set_body(struct openapi *api, struct draft_request *request, const cJSON *operation);
/* Who it wants to be asked by, as references to the environment. */
void openapi_set_security(struct openapi *api, struct draft_request *request, const cJSON *operation);
