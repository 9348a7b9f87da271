#pragma once

#include "measure/generation.h"
#include "reader/json_scan.h"

enum finish finish_of_word(const struct json_value *word);
/* It ends no answer: the server gave up. */
bool finish_is_error(const struct json_value *word);
