#include "sampler/stands.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

void
stands_init(struct stands *stands)
{
	*stands = (struct stands){.list = must_calloc(STANDS_CEILING, sizeof(*stands->list))};
}

void
stands_fini(struct stands *stands)
{
	free(stands->list);
	*stands = (struct stands){0};
}

bool
stands_add(struct stands *stands, const struct stand *stand)
{
	if (stands->n == STANDS_CEILING)
		return false;
	stands->list[stands->n++] = *stand;
	return true;
}

static int
by_series(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;

	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return (x->limit > y->limit) - (x->limit < y->limit);
}

void
stands_sort(struct stands *stands)
{
	qsort(stands->list, stands->n, sizeof(*stands->list), by_series);
}

bool
stands_have_twice(const struct stands *stands)
{
	for (size_t i = 1; i < stands->n; i++)
		if (by_series(&stands->list[i - 1], &stands->list[i]) == 0)
			return true;
	return false;
}

const struct stand *
stands_find(const struct stands *stands, const struct stand *like)
{
	return bsearch(like, stands->list, stands->n, sizeof(*stands->list), by_series);
}

void
stands_keep_gone(struct stands *now, const struct stands *before)
{
	const struct stands present = *now;

	for (size_t i = 0; i < before->n; i++) {
		struct stand gone = before->list[i];

		gone.is_gone = true;
		if (stands_find(&present, &gone) == NULL && !stands_add(now, &gone))
			break;
	}
	stands_sort(now);
}

double
stand_rise(const struct stand *now, const struct stand *before)
{
	return before != NULL && now->value >= before->value ? now->value - before->value : now->value;
}

double
stand_passed_s(const struct stand *now, const struct stand *before, double between_s)
{
	bool is_stamped = before != NULL && !before->is_gone && !isnan(now->own_s) && !isnan(before->own_s);

	return is_stamped ? now->own_s - before->own_s : between_s;
}

bool
stands_began_again(const struct stands *now, size_t from, size_t to, const struct stands *before)
{
	for (size_t i = from; i < to; i++) {
		const struct stand *stood = stands_find(before, &now->list[i]);

		if (stood != NULL && now->list[i].value < stood->value)
			return true;
	}
	return false;
}
