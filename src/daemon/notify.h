#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What systemd and a daemon tell each other, by hand (sd_notify(3), sd_listen_fds(3)): nothing of it is there, and
 * nothing fails, where systemd is not. */

/* One datagram to $NOTIFY_SOCKET: "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=…", "STATUS=…". */
void notify_send(const char *state);
/* RELOADING=1 with the time that goes with it. */
void notify_reloading(void);

/* The sockets that were opened for us: 3, 4, … n of them; not inherited by our children. */
size_t notify_listen_fds(void);
