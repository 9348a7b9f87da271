#pragma once

#include <stddef.h>

/* openapi.yaml, as it stands in the source: assembled in by cmake/Rooms.cmake. */
extern const char openapi_text[], openapi_end[];

static inline size_t
openapi_length(void)
{
	return (size_t)(openapi_end - openapi_text);
}
