/* edge/exporter_process.h - the process that serves figures to Prometheus over plain HTTP: it reads
 * requests from the network, has no rights, and knows nothing but the last figures it was given. */
#pragma once

/* `fd` is its end of the link to the keeper. Returns the exit status. */
int exporter_process(int fd);
