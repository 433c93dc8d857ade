#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <sys/uio.h>

ssize_t homeport_pread_cached(int descriptor, void *bytes, size_t count, off_t offset) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    return preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
}

int homeport_start_writing(int descriptor, off_t offset, off_t count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}
