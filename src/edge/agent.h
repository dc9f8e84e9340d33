/* edge/agent.h - the process that speaks with the control plane: long poll for intents, posts of
 * evidence, over mutual TLS. It has no capabilities and touches neither kernel nor peers. */
#pragma once

int agent_process(int link);
