#pragma once

#include <cjson/cJSON.h>

#include "measure/against.h"

/* What stands between two runs and a fair comparison. */

/* How two profiles differ in what they ask of a target, in words: "load.steady.rate: 100/s, now 200/s; …"; empty: they
 * do not. Where the target is, what it is called and how results are judged are left out. */
void likeness_of_profiles(const cJSON *baseline, const cJSON *current, char *into, size_t size);

/* Where the targets are, where that differs; else empty. */
void likeness_of_places(const cJSON *baseline, const cJSON *current, char *into, size_t size);

/* The objectives, where they differ: the goodput rests on them. Else empty. */
void likeness_of_goals(const cJSON *baseline, const cJSON *current, char *into, size_t size);
