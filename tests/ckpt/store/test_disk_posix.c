#include "ckpt/store/disk_posix.h"

#include "support/cmocka.h"
#include "support/disk_contract.h"
#include "support/store_world.h"

#include <stdlib.h>

static void test_it_keeps_the_contract_of_a_disk(void **state) {
    (void)state;
    struct world world;
    if (!world_begin_disk(&world, WORLD_POSIX)) {
        exit(77);
    }
    disk_contract_check(world.disk, world.base);
    world_end(&world);
}

static void test_it_keeps_the_contract_on_a_file_system_in_memory(void **state) {
    (void)state;
    struct world world;
    const char *former = getenv("TMPDIR");
    setenv("TMPDIR", "/dev/shm", 1);
    if (!world_begin_disk(&world, WORLD_POSIX)) {
        exit(77);
    }
    disk_contract_check(world.disk, world.base);
    world_end(&world);
    if (former) {
        setenv("TMPDIR", former, 1);
    } else {
        unsetenv("TMPDIR");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_keeps_the_contract_of_a_disk),
        cmocka_unit_test(test_it_keeps_the_contract_on_a_file_system_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
