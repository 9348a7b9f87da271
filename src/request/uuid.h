#pragma once

#include <stdint.h>

#define UUID_LENGTH 36

/* Writes 122 of these random bits around the version, 4, and the variant, binary 10 (RFC 9562 §5.4); returns what
 * follows. */
char *uuid_write(char *into, uint64_t high, uint64_t low);
