/* edge/validator_process.h - the process that follows RPKI caches: it reads their bytes, has no
 * rights and no file, and hands on payloads as values. */
#pragma once

/* `fd` is its end of the link to the keeper. Returns the exit status. */
int validator_process(int fd);
