/* edge/router_process.h - the process that reads peers' bytes: no rights, no files, no network but
 * the descriptors the keeper hands it. */
#pragma once

/* Never returns but with an exit status. `link` is the end of the pair to the keeper. */
int router_process(int link);
