#pragma once
#include <stddef.h>
#include <sys/types.h>

/// Like pread, for what is in the page cache only: fails with EAGAIN where the disk would have to be asked.
ssize_t homeport_pread_cached(int descriptor, void *bytes, size_t count, off_t offset);

/// Tells the disk to begin with a range of a file that was written, without waiting for it.
int homeport_start_writing(int descriptor, off_t offset, off_t count);
