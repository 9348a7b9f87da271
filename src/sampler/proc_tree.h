#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sampler/proc_find.h"
#include "sampler/process.h"

/* The watched processes with all their children, over time. A child that was once found stays watched for as long as it
 * lives, even when its parent is gone. */
#define PROC_TREE_MAX 4096

struct proc_tree {
	const char *root;          /* of /proc, as in procfs.h */
	struct process *processes; /* PROC_TREE_MAX; parents stand before their children */
	size_t n;
};

void proc_tree_init(struct proc_tree *tree, const char *root);
void proc_tree_fini(struct proc_tree *tree);
void proc_tree_clear(struct proc_tree *tree);

/* Those that are new. */
void proc_tree_add_roots(struct proc_tree *tree, const struct proc_roots *roots);
/* Adds children that are new: one pass over /proc. */
void proc_tree_find_children(struct proc_tree *tree);
/* Looks at every process; those that are gone drop out. true: some did. */
bool proc_tree_look(struct proc_tree *tree);

size_t proc_tree_live(const struct proc_tree *tree);
/* CPU time of the whole tree since this was last asked, that of children that came and went in between included. */
int64_t proc_tree_take_run_ns(struct proc_tree *tree);
