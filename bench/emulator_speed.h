/* How many packets a second of one core's time an emulated link carries in virtual time. */
#ifndef BENCH_EMULATOR_SPEED_H
#define BENCH_EMULATOR_SPEED_H

#include "bench/row.h"
#include "bench/scenario.h"

#include <satsync/status.h>

/* scenario->bytes of full packets down the link, at its nominal rate. */
enum satsync_status emulator_speed_run(const struct scenario *scenario, struct row *row,
                                       struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
