/*
 * satsync-bench-openmpi BYTES COUNT, by mpirun: the median seconds of COUNT all-reduces of BYTES of
 * fp32 in place, each begun by a barrier, after one for warming. What satsync-bench compares with.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { COUNT_MOST = 1000 };

static int by_size(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv) {
    static double seconds[COUNT_MOST];
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    size_t elements = argc > 2 ? strtoull(argv[1], NULL, 10) / sizeof(float) : 0;
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    float *values = malloc(elements * sizeof *values + 1);
    if (!values || count < 1 || count > COUNT_MOST || elements > 1u << 30) {
        MPI_Abort(MPI_COMM_WORLD, 1);
        return 1;
    }
    for (size_t i = 0; i < elements; i++) {
        values[i] = 1;
    }
    for (unsigned long i = 0; i <= count; i++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        MPI_Allreduce(MPI_IN_PLACE, values, (int)elements, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        seconds[i > 0 ? i - 1 : 0] = MPI_Wtime() - start;
    }
    qsort(seconds, count, sizeof *seconds, by_size);
    if (rank == 0) {
        printf("%.9f\n", seconds[count / 2]);
    }
    free(values);
    MPI_Finalize();
    return 0;
}
