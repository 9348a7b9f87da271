#pragma once

#include "import/draft.h"

/* A draft → the profile that a person would have written of it, and what lies beside it. Fills import->profile and
 * files. False with err set: nothing is left that could be sent, or it goes to several servers. */
bool profile_write(struct draft *draft, struct import *import, struct error *err);
