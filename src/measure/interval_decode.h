#pragma once

#include "measure/events.h"
#include "measure/json_read.h"

/* Times up to 36 years: far enough, and sums of a few of them still fit. */
#define EVENT_TIME_MAX_NS (INT64_C(1) << 60)

/* The body of an "interval" event; the interval is left empty where the reader has failed. */
void interval_decode(struct json_reader *r, const cJSON *tree, const struct plan *plan, struct interval *interval);

/* A number, "warmup" or null. */
void json_read_level(struct json_reader *r, const cJSON *in, const char *name, uint32_t *level);
