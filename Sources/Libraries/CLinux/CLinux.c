#define _GNU_SOURCE
#include "CLinux.h"
#include <sys/uio.h>

ssize_t homeport_pread_cached(int descriptor, void *bytes, size_t count, off_t offset) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    return preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
}
