#pragma once

#include <stdbool.h>

/* `brunt run` with these arguments. is_written: the profile was written from flags, so that nobody knows its lines;
 * what is wrong with it is wrong with a flag. */
int run_with_arguments(int argc, char **argv, bool is_written);
