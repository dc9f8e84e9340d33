/* edge/router_process.h - the process that reads peers' bytes: no rights, no files, no network but
 * the descriptors the keeper hands it. */
#pragma once

/* Never returns but with an exit status. `keeper` is the end of the pair to the keeper; domains are spread
 * over `workers` threads, 1 to INTENT_WORKERS_MOST. */
int router_process(int keeper, unsigned workers);
