#pragma once

#include "judge/rule.h"

/* Adds to a finding what the series shows of it around its onset: which figure, is told by its rule's name. Nothing
 * where the onset is not known, or the rule is about no figure of a row. */
void excerpt_take(struct finding *finding, const struct series *series);
