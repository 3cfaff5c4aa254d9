#include "ckpt/store/disk_names.h"

#include "support/cmocka.h"
#include "support/store_world.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_private_file_is_its_owners_alone(void **state) {
    (void)state;
    struct world world;
    struct stat stat_of;
    struct disk_file *file;
    char path[100];
    assert_true(world_begin_disk(&world, WORLD_POSIX));
    snprintf(path, sizeof path, "%s/key", world.base);
    assert_int_equal(
        disk_names_open(world.disk, path, DISK_WRITE | DISK_CREATE | DISK_PRIVATE, &file, NULL),
        SATSYNC_OK);
    disk_names_close(world.disk, file);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    world_end(&world);
}

static void test_a_lock_is_gone_with_its_process(void **state) {
    (void)state;
    struct world world;
    struct disk_file *file;
    char path[100];
    assert_true(world_begin_disk(&world, WORLD_POSIX));
    snprintf(path, sizeof path, "%s/lock", world.base);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool locked = disk_names_open(world.disk, path, DISK_WRITE | DISK_CREATE, &file, NULL) ==
                          SATSYNC_OK &&
                      disk_names_lock(world.disk, file, DISK_LOCK_EXCLUSIVE, NULL) == SATSYNC_OK;
        _exit(locked ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(disk_names_open(world.disk, path, DISK_WRITE, &file, NULL), SATSYNC_OK);
    assert_int_equal(disk_names_lock(world.disk, file, DISK_LOCK_EXCLUSIVE, NULL), SATSYNC_OK);
    disk_names_close(world.disk, file);
    world_end(&world);
}

static void test_giving_up_direct_lets_unaligned_requests_through(void **state) {
    (void)state;
    struct world world;
    struct disk_file *file;
    char path[100];
    assert_true(world_begin_disk(&world, WORLD_POSIX));
    snprintf(path, sizeof path, "%s/file", world.base);
    assert_int_equal(
        disk_names_open(world.disk, path, DISK_WRITE | DISK_CREATE | DISK_DIRECT, &file, NULL),
        SATSYNC_OK);
    disk_file_give_up_direct(file);
    assert_false(file->direct);
    assert_int_equal(pwrite(file->fd, "xyz", 3, 1), 3);
    disk_names_close(world.disk, file);
    world_end(&world);
}

static void test_a_run_of_the_machine_is_the_same_for_each_disk(void **state) {
    (void)state;
    struct world world;
    assert_true(world_begin_disk(&world, WORLD_POSIX));
    struct disk_boot boot = disk_names_boot(world.disk);
    struct disk_boot again = disk_names_boot(NULL);
    assert_true(boot.id[0] != 0 && boot.id[1] != 0);
    assert_memory_equal(&boot, &again, sizeof boot);
    world_end(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_private_file_is_its_owners_alone),
        cmocka_unit_test(test_a_lock_is_gone_with_its_process),
        cmocka_unit_test(test_a_run_of_the_machine_is_the_same_for_each_disk),
        cmocka_unit_test(test_giving_up_direct_lets_unaligned_requests_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
