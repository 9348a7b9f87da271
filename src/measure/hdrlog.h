#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "measure/interval.h"

/* The HDR histogram interval log (version 1.3) as the Java library's HistogramLogWriter writes it: one tagged line per
 * interval and metric, measured phases alone, `Tag=warmup.response` and so on for the warm-up. Times in the file are
 * seconds since T0; maxima are in ms (ns / 1e6). */
void hdrlog_header(struct buf *into, const char *title, int64_t started_wall_ns);
void hdrlog_interval(struct buf *into, const struct interval *interval);
