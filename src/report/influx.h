#pragma once

#include "base/buf.h"

/* A tag's value, a key or a measurement's name as InfluxDB's line protocol has them: escaped, whatever is in it. */
void influx_add_text(struct buf *into, const char *text);
