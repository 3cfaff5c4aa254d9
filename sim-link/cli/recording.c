#include "sim-link/cli/recording.h"

#include "sim-link/cli/command.h"

struct record_options recording_options(const struct cli_args *args, uint64_t origin_ns) {
    return (struct record_options){
        .capture = {.path = args->texts[OPTION_CAPTURE], .origin_ns = origin_ns},
        .timeline = {.path = args->texts[OPTION_SERIES], .step_ns = args->values[OPTION_STEP]}};
}
