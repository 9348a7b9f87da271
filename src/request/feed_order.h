#pragma once

#include <stddef.h>
#include <stdint.h>

#include "plan/data.h"

/* Which of n rows arrival k gets: pure functions of their arguments, without memory. */
size_t feed_order_row(enum plan_feed_order order, size_t n, uint64_t seed, uint64_t stream, uint64_t k);
