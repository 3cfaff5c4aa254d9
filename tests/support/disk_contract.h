/*
 * What port/disk.h promises, checked against any disk.
 */
#ifndef SUPPORT_DISK_CONTRACT_H
#define SUPPORT_DISK_CONTRACT_H

#include "port/disk.h"

/* Runs every check on `disk`, in the empty directory `base`. */
void disk_contract_check(struct disk *disk, const char *base);

#endif
