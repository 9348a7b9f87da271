#pragma once

/* For commands whose flags stand among their operands. */

/* The value of "--flag VALUE" or "--flag=VALUE" at argv[*i], which moves on to it; NULL: it is another argument; "":
 * its value is missing. */
const char *arguments_value(const char *flag, int argc, char **argv, int *i);
