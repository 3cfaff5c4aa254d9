/* satsync-bench: measures the parts of satsync against what nothing could beat. */
#include "bench/bench.h"

int main(int argc, char **argv) {
    return bench_main(argc, argv);
}
