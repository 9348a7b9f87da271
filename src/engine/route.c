#include "engine/route.h"

#include "request/condition.h"

static const struct plan_step *
step_of(const struct sessions *sessions, const struct visit *visit)
{
	return sessions->steps[visit->step].step;
}

static bool
has_status(const struct plan_branch *branch, unsigned status)
{
	return status >= 100 && status <= 599 && (branch->statuses[(status - 100) / 64] >> ((status - 100) % 64) & 1);
}

/* A status leads somewhere only where it is all there is to say: an answer that broke off may have had any. */
static const struct plan_branch *
branch_of(const struct plan_step *step, const struct exchange *x)
{
	bool is_ok = x->outcome == OUTCOME_OK, is_by_status = is_ok || x->failure == FAILURE_STATUS;

	for (size_t i = 0; i < step->branches_n && is_by_status; i++)
		if (has_status(&step->branches[i], x->status))
			return &step->branches[i];
	for (size_t i = 0; i < step->branches_n && !is_ok; i++)
		if (step->branches[i].is_of_failures)
			return &step->branches[i];
	return NULL;
}

static bool
is_back(const struct plan_branch *branch, const struct visit *visit)
{
	return branch->move == MOVE_AGAIN || (branch->move == MOVE_GOTO && branch->to <= visit->step);
}

static bool
may_go_back(const struct sessions *sessions, const struct visit *visit)
{
	return visit->jumps < sessions->flow->jumps_most;
}

bool
route_gives_up(const struct sessions *sessions, const struct visit *visit, const struct exchange *x)
{
	const struct plan_step *step = step_of(sessions, visit);
	const struct plan_branch *branch = branch_of(step, x);

	if (branch != NULL)
		return is_back(branch, visit) && !may_go_back(sessions, visit);
	return step->until != NULL && visit->session.repetition + 1 == step->repeat &&
	       !condition_holds(step->until, &visit->session);
}

static enum plan_move
move_of(const struct sessions *sessions, const struct visit *visit, const struct exchange *x,
	const struct plan_branch **branch)
{
	*branch = branch_of(step_of(sessions, visit), x);
	if (*branch != NULL && (!is_back(*branch, visit) || may_go_back(sessions, visit)))
		return (*branch)->move;
	return x->outcome == OUTCOME_OK || sessions->flow->goes_on ? MOVE_NEXT : MOVE_FAIL;
}

enum route
route_take(const struct sessions *sessions, struct visit *visit, const struct exchange *x, int64_t *think_ns)
{
	const struct plan_branch *branch;
	enum plan_move move = move_of(sessions, visit, x, &branch);

	*think_ns = sessions_think_ns(sessions, visit);
	visit->jumps += branch != NULL && move == branch->move && is_back(branch, visit);
	switch (move) {
	case MOVE_AGAIN: return ROUTE_STEP;
	case MOVE_STOP: return ROUTE_COMPLETED;
	case MOVE_FAIL: return ROUTE_BROKEN;
	case MOVE_GOTO: return sessions_enter(sessions, visit, branch->to) ? ROUTE_STEP : ROUTE_COMPLETED;
	case MOVE_NEXT: break;
	}
	return sessions_advance(sessions, visit) ? ROUTE_STEP : ROUTE_COMPLETED;
}
