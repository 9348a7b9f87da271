#include "target/jobs.h"

#include <string.h>

#include "base/check.h"

#define FIRST_CAPACITY 1024
#define SLAB_JOBS 256

struct job_slab {
	struct job_slab *next;
	struct job jobs[SLAB_JOBS];
};

void
job_pool_init(struct job_pool *pool)
{
	list_init(&pool->free);
	pool->slabs = NULL;
}

void
job_pool_fini(struct job_pool *pool)
{
	while (pool->slabs != NULL) {
		struct job_slab *slab = pool->slabs;

		pool->slabs = slab->next;
		free(slab);
	}
	list_init(&pool->free);
}

static void
job_pool_grow(struct job_pool *pool)
{
	struct job_slab *slab = must_alloc(sizeof(*slab));

	slab->next = pool->slabs;
	pool->slabs = slab;
	for (size_t i = 0; i < SLAB_JOBS; i++)
		list_add_last(&pool->free, &slab->jobs[i].node);
}

struct job *
job_take(struct job_pool *pool)
{
	if (list_is_empty(&pool->free))
		job_pool_grow(pool);
	struct job *job = list_first(&pool->free, struct job, node);

	list_remove(&job->node);
	memset(job, 0, sizeof(*job));
	list_init(&job->node);
	list_init(&job->visit.node);
	list_init(&job->errand.node);
	return job;
}

void
job_give(struct job_pool *pool, struct job *job)
{
	list_remove(&job->node);
	list_add_first(&pool->free, &job->node);
}

void
jobs_fini(struct jobs *jobs)
{
	free(jobs->heap);
	*jobs = (struct jobs){0};
}

static bool
is_before(const struct job *a, const struct job *b)
{
	return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->number < b->number);
}

void
jobs_push(struct jobs *jobs, struct job *job)
{
	if (jobs->count == jobs->capacity) {
		jobs->capacity = jobs->capacity > 0 ? 2 * jobs->capacity : FIRST_CAPACITY;
		jobs->heap = must_realloc(jobs->heap, jobs->capacity * sizeof(struct job *));
	}
	size_t at = jobs->count++;

	for (size_t parent; at > 0 && is_before(job, jobs->heap[parent = (at - 1) / 2]); at = parent)
		jobs->heap[at] = jobs->heap[parent];
	jobs->heap[at] = job;
}

struct job *
jobs_first(const struct jobs *jobs)
{
	return jobs->count > 0 ? jobs->heap[0] : NULL;
}

struct job *
jobs_pop(struct jobs *jobs)
{
	CHECK(jobs->count > 0);
	struct job *first = jobs->heap[0], *last = jobs->heap[--jobs->count];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= jobs->count)
			break;
		if (child + 1 < jobs->count && is_before(jobs->heap[child + 1], jobs->heap[child]))
			child++;
		if (!is_before(jobs->heap[child], last))
			break;
		jobs->heap[at] = jobs->heap[child];
		at = child;
	}
	if (jobs->count > 0)
		jobs->heap[at] = last;
	return first;
}
