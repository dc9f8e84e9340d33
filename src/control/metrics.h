/* control/metrics.h - GET /metrics: Prometheus text. */
#pragma once
#include "control/control.h"

void metrics_serve(struct request *r);
