/* router/faults.h - messages with faults that RFC 7606 lets a session survive, kept for people to see. */
#pragma once
#include "base/instant.h"
#include "wire/bgp.h"

struct faults; /* NULL: a neighbour without any */
void faults_note(struct faults **to, const struct bgp_update *u, instant now);
void faults_drop(struct faults **f);
