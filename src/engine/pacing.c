#include "engine/pacing.h"

static void
pacing_relax(struct pacing *pacing, const char *reason)
{
	pacing->is_relaxed = true;
	pacing->reason = reason;
}

void
pacing_init(struct pacing *pacing, enum plan_pacing wanted, bool shares_target_cpu)
{
	*pacing = (struct pacing){.wanted = wanted};
	if (wanted == PACING_RELAXED)
		pacing_relax(pacing, "the profile asks for it");
	else if (wanted == PACING_PRECISE)
		pacing->reason = "the profile asks for it";
	else if (shares_target_cpu)
		pacing_relax(pacing, "the target may run on no other CPU than ours");
	else
		pacing->reason = "auto";
}

void
pacing_add_reading(struct pacing *pacing, const struct reading *self)
{
	if (pacing->wanted != PACING_AUTO || pacing->is_relaxed)
		return;
	/* Comparisons with NAN, a gauge that is not available, are false. */
	if (self->values[GAUGE_CPU_ALLOWED] < 1) {
		pacing_relax(pacing, "the CPU quota is below one core");
		return;
	}
	pacing->waited_n = self->values[GAUGE_RUN_WAIT] > PACING_RUN_WAIT_MAX ? pacing->waited_n + 1 : 0;
	if (pacing->waited_n >= PACING_WAITED_READINGS)
		pacing_relax(pacing, "others waited for the core that we spun on");
}
