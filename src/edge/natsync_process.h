/* edge/natsync_process.h - the process that speaks to the NAT partner: it reads the partner's datagrams, and
 * nothing else; confined, it has the connected socket, the link and the key. */
#pragma once
int natsync_process(int fd);
