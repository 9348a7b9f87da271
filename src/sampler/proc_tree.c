#include "sampler/proc_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sampler/procfs.h"

void
proc_tree_init(struct proc_tree *tree, const char *root)
{
	*tree = (struct proc_tree){.root = root, .processes = must_calloc(PROC_TREE_MAX, sizeof(struct process))};
}

void
proc_tree_clear(struct proc_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		process_fini(&tree->processes[i]);
	tree->n = 0;
}

void
proc_tree_fini(struct proc_tree *tree)
{
	proc_tree_clear(tree);
	free(tree->processes);
}

static struct process *
find(struct proc_tree *tree, long pid)
{
	for (size_t i = 0; i < tree->n; i++)
		if (tree->processes[i].pid == pid)
			return &tree->processes[i];
	return NULL;
}

static void
add(struct proc_tree *tree, const struct proc_stat *stat)
{
	if (tree->n < PROC_TREE_MAX)
		process_init(&tree->processes[tree->n++], stat->pid, stat->start_ticks);
}

void
proc_tree_add_roots(struct proc_tree *tree, const struct proc_roots *roots)
{
	struct proc_stat stat;

	for (size_t i = 0; i < roots->n; i++)
		if (find(tree, roots->pids[i]) == NULL && procfs_read_stat(tree->root, roots->pids[i], &stat))
			add(tree, &stat);
}

struct listing {
	const char *root;
	struct proc_stat *stats;
	size_t n, capacity;
};

static bool
list_one(long pid, void *context)
{
	struct listing *listing = context;

	if (listing->n == listing->capacity) {
		listing->capacity = listing->capacity * 2 + 256;
		listing->stats = must_realloc(listing->stats, listing->capacity * sizeof(*listing->stats));
	}
	if (procfs_read_stat(listing->root, pid, &listing->stats[listing->n]))
		listing->n++;
	return true;
}

/* Breadth first: what is appended is looked through in its turn, so that grandchildren are found in the same pass. */
void
proc_tree_find_children(struct proc_tree *tree)
{
	struct listing listing = {.root = tree->root};

	procfs_each_number(tree->root, "/proc", list_one, &listing);
	for (size_t i = 0; i < tree->n; i++)
		for (size_t k = 0; k < listing.n; k++)
			if (listing.stats[k].parent == tree->processes[i].pid &&
				find(tree, listing.stats[k].pid) == NULL)
				add(tree, &listing.stats[k]);
	free(listing.stats);
}

static void
drop(struct proc_tree *tree, size_t place)
{
	struct process *gone = &tree->processes[place], *parent = find(tree, gone->parent);

	if (parent != NULL)
		process_add_counted_child(parent, gone);
	process_fini(gone);
	memmove(gone, gone + 1, (tree->n - place - 1) * sizeof(*gone));
	tree->n--;
}

bool
proc_tree_look(struct proc_tree *tree)
{
	size_t before = tree->n;

	for (size_t i = 0; i < tree->n;)
		if (process_look(&tree->processes[i], tree->root))
			i++;
		else
			drop(tree, i);
	return tree->n < before;
}

size_t
proc_tree_live(const struct proc_tree *tree)
{
	size_t n = 0;

	for (size_t i = 0; i < tree->n; i++)
		n += !tree->processes[i].is_dead;
	return n;
}

int64_t
proc_tree_take_run_ns(struct proc_tree *tree)
{
	int64_t run_ns = 0;

	for (size_t i = 0; i < tree->n; i++)
		run_ns += tree->processes[i].run_delta_ns + process_take_children_ns(&tree->processes[i]);
	return run_ns;
}
