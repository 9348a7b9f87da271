#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/units.h"
#include "measure/recorder.h"

/* What tests of the recorder share. */
static const struct recorder_config small = {.requests_n = 2, .open_levels_max = 3};

static inline struct exchange
good_exchange(uint32_t level, int64_t due_ns)
{
	return (struct exchange){
		.request = 1,
		.level = level,
		.due_ns = due_ns,
		.taken_ns = due_ns + 3,
		.sent_ns = due_ns + 10,
		.first_byte_ns = due_ns + 500,
		.last_byte_ns = due_ns + 1010,
		.connect_ns = -1,
		.outcome = OUTCOME_OK,
		.status = 200,
		.bytes_sent = 40,
		.bytes_received = 300,
	};
}

/* An interval as those see it who come after the recorder. */
static inline struct interval *
take_interval(struct recorder *recorder, int64_t now_ns)
{
	struct interval *interval = recorder_take_interval(recorder, now_ns);

	if (interval != NULL)
		interval_add_up(interval);
	return interval;
}

static inline const struct interval_level *
level_in(const struct interval *interval, uint32_t level)
{
	const struct interval_level *found = NULL;

	for (uint32_t i = 0; i < interval->levels_n; i++) {
		if (!interval->levels[i].is_used || interval->levels[i].level != level)
			continue;
		assert_null(found);
		found = &interval->levels[i];
	}
	return found;
}

static inline int64_t
only_value(const struct cell *cell, enum metric metric)
{
	assert_int_equal(cell->histograms[metric].total, 1);
	assert_int_equal(cell->histograms[metric].min_ns, cell->histograms[metric].max_ns);
	return cell->histograms[metric].min_ns;
}
