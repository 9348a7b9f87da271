#pragma once

#include "judge/records.h"

/* Verdict and figures → what is advised, with the evidence that made it hold. The rules are the rows of
 * recommendations.def, and those of the profile. */

/* Everything else of the verdict is there already. Of a run whose figures are not to be relied on nothing follows, but
 * what a cause or the start of the target says. */
void recommend_find(struct verdict *verdict, const struct judge_view *view);

/* A rule that no expression can say: recommend_rules.c. False: it does not hold. */
#define ADVISE_ON(mode)
#define ADVISE_WHEN(name, expression, text)
#define ADVISE_INSTEAD(graver, milder)
#define ADVISE_BY(name, text)                                                                                          \
	bool look_##name(const struct verdict *verdict, const struct judge_view *view, char evidence[ADVICE_TEXT_MAX]);
#include "judge/recommendations.def"
#undef ADVISE_ON
#undef ADVISE_WHEN
#undef ADVISE_INSTEAD
#undef ADVISE_BY
