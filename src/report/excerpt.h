#pragma once

#include "measure/verdict.h"
#include "report/value.h"

/* What the series shows of a finding around its onset. */
#define EXCERPT_TEXT_MAX 320

cJSON *excerpt_object(const struct excerpt *excerpt); /* null where there is none */
/* "CPU each 1.0s: 20%, 60%; from then on: 99%, 100%"; "" where there is none. Returns into. */
const char *excerpt_text(const struct excerpt *excerpt, char into[EXCERPT_TEXT_MAX]);
