#pragma once

#include "plan/keys.h"

/* What tables of keys are written in: keys.def, and those of other files that are read as profiles are, each included
 * by one source file after this header. A table may have rows of its own beside these.
 *
 *     ROW     struct    field    type    key    default   least   most   help
 *     CHOICE  struct    field    key    default    choices    help
 *     CUSTOM  struct    field    key    default    parse    what is right    keys of its items    help
 *     SUB     struct    field    key    default    keys    what a scalar stands for    help
 *
 * Bounds are in base units (ns, bytes, per second, 0..1); 0, 0: any that is not negative. Default: as written in YAML;
 * REQUIRED; "": nothing. */

#define REQUIRED NULL
#define TABLE(table) static const struct plan_key table[] = {
#define END                                                                                                            \
	PLAN_KEYS_END                                                                                                  \
	}                                                                                                              \
	;
#define ROW(parent, field, of_type, key, otherwise, least, most, sentence)                                             \
	{                                                                                                              \
		.name = (key),                                                                                         \
		.type = PLAN_##of_type,                                                                                \
		.offset = offsetof(parent, field),                                                                     \
		.default_text = (otherwise),                                                                           \
		.min = (least),                                                                                        \
		.max = (most),                                                                                         \
		.help = (sentence),                                                                                    \
	},
#define CHOICE(parent, field, key, otherwise, names, sentence)                                                         \
	{                                                                                                              \
		.name = (key),                                                                                         \
		.type = PLAN_CHOICE,                                                                                   \
		.offset = offsetof(parent, field),                                                                     \
		.default_text = (otherwise),                                                                           \
		.choices = (names),                                                                                    \
		.help = (sentence),                                                                                    \
	},
#define CUSTOM(parent, field, key, otherwise, by, right, of_items, sentence)                                           \
	{                                                                                                              \
		.name = (key),                                                                                         \
		.type = PLAN_CUSTOM,                                                                                   \
		.offset = offsetof(parent, field),                                                                     \
		.default_text = (otherwise),                                                                           \
		.parse = (by),                                                                                         \
		.form = (right),                                                                                       \
		.keys = (of_items),                                                                                    \
		.help = (sentence),                                                                                    \
	},
#define SUB(parent, field, key, otherwise, of_section, of_scalar, sentence)                                            \
	{                                                                                                              \
		.name = (key),                                                                                         \
		.type = PLAN_SECTION,                                                                                  \
		.offset = offsetof(parent, field),                                                                     \
		.default_text = (otherwise),                                                                           \
		.keys = (of_section),                                                                                  \
		.shorthand = (of_scalar),                                                                              \
		.help = (sentence),                                                                                    \
	},
