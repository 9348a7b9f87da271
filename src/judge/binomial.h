#pragma once

#include <stdint.h>

/* The exact interval (Clopper and Pearson 1934) of the probability behind k events of n trials that are independent of
 * one another: at `confidence` of 0.95 it holds the truth in at least 95 of 100 cases, however small n and however rare
 * the event. into: low, high; NAN both for n = 0. */
void binomial_interval(uint64_t k, uint64_t n, double confidence, double into[2]);
