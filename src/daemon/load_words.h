#pragma once

#include <stddef.h>

/* The load of an effective profile (JSON) in a few words, cut to size: "steady rate 50/s for 30s". Returns into. */
const char *load_words(const char *effective_json, char *into, size_t size);
