/* edge/keeper.h - the process with rights: it owns the kernel side and never reads a peer's byte. */
#pragma once

/* Runs until SIGTERM. `config` is the path of the file. Returns the exit status. */
int keeper_process(const char *config);
