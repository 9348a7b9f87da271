#pragma once

#include <stdint.h>

#define UUID_LENGTH 36

/* Writes 122 of these random bits around the version, 4, and the variant, binary 10 (RFC 9562 §5.4); returns what
 * follows. */
char *uuid_write(char *into, uint64_t high, uint64_t low);

/* The same for version 7 (RFC 9562 §5.7): 48 bits of Unix time in ms stand before 74 random ones, so that later ones
 * sort after earlier ones. */
char *uuid_write_7(char *into, uint64_t unix_ms, uint64_t high, uint64_t low);
