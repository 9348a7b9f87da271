#pragma once

/* Work in the thread pool gives way: a thread that calls this gets the lowest priority, once and for good, so that
 * neither the loop nor a target on this machine waits for our encoding, writing and reading of /proc. */
void background_give_way(void);
