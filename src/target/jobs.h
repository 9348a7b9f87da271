#pragma once

#include <stddef.h>
#include <stdint.h>

#include "httpd/httpd.h"
#include "target/crew.h"
#include "target/station.h"

/* How a request will end; drawn when it arrives. */
enum job_fate {
	JOB_OK,
	JOB_ERROR,    /* 500 */
	JOB_RESET,    /* half an answer, then a reset */
	JOB_REJECTED, /* the queue was full */
};

/* A request in the system. It outlives its connection: the worker goes on with what nobody waits for any more. */
struct job {
	struct httpd_request *request; /* NULL once its connection is gone or its answer is out */
	uint64_t number;               /* 0, 1, …: which random numbers are its */
	enum job_fate fate;
	bool is_finished;           /* its worker is done with it; what remains is writing the answer, or silence */
	int64_t arrival_ns, due_ns; /* due: when the model wants it done */
	struct visit visit;
	struct errand errand;
	void *memory;
	struct list node; /* in the batch that arrived this turn, or in the pool */
};

/* Jobs come in slabs and are used again: as many as were ever in the system at once. */
struct job_pool {
	struct list free;
	struct job_slab *slabs;
};

void job_pool_init(struct job_pool *pool);
void job_pool_fini(struct job_pool *pool);   /* frees every job, wherever it is */
struct job *job_take(struct job_pool *pool); /* zeroed */
void job_give(struct job_pool *pool, struct job *job);

/* A min-heap of jobs by due_ns, first come first among equals. Grows to the most that were ever in the system. */
struct jobs {
	struct job **heap;
	size_t count, capacity;
};

void jobs_fini(struct jobs *jobs);
void jobs_push(struct jobs *jobs, struct job *job);
struct job *jobs_first(const struct jobs *jobs); /* NULL: none */
struct job *jobs_pop(struct jobs *jobs);
