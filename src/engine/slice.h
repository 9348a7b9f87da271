#pragma once

/* The scheduler's word for how long a thread runs at a time. Since Linux 6.12 a thread may ask for its own: one with
 * short slices gets no more of the CPU than others, but gets it sooner when it wakes, before whoever is in the middle
 * of a longer one. That is what a sender needs who shares a CPU with something busy. */

#define SLICE_NS 100000 /* the shortest that the kernel grants */

/* Of the calling thread alone: what it starts from now on, threads and processes, has the usual ones. A thread that was
 * given a priority of its own (nice below 0, a real-time policy) is left as it is, and so is any on a kernel that knows
 * of no such wish. */
void slice_shorten(void);
