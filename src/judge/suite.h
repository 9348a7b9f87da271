#pragma once

#include "measure/suite_record.h"

/* The verdict over a suite from its rows: status, exit code and reasons are filled. Of what was judged, pass_rate must
 * have passed; a row that could not be judged, or whose turn never came, leaves the suite inconclusive, as does one
 * that was not run for the sake of a failure that pass_rate forgives. The exit code is the first that holds of 5, 128 +
 * signal, 4, 3, 1 and 0. Pure: may be asked at any moment. */
void suite_judge(struct suite_record *record);
