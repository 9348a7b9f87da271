#pragma once

#include "request/feed.h"

/* Lets go of all columns. */
void feed_free_columns(struct feed *feed);
