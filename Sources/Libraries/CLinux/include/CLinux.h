#pragma once
#include <stddef.h>
#include <sys/types.h>

/// Like pread, for what is in the page cache only: fails with EAGAIN where the disk would have to be asked.
ssize_t homeport_pread_cached(int descriptor, void *bytes, size_t count, off_t offset);

/// Tells the disk to begin with a range of a file that was written, without waiting for it.
int homeport_start_writing(int descriptor, off_t offset, off_t count);

/// Tells the allocator of the C library what the program is like: many threads on few cores, and buffers of
/// up to a megabyte that come and go. To be called once, before there are threads.
void homeport_settle_allocator(void);

/// Takes room on the disk for the first bytes of a file, which grows to that size if it is smaller; fails
/// with EOPNOTSUPP where the file system cannot, instead of writing zeros.
int homeport_allocate(int descriptor, off_t count);

/// Writes the path of one of the libraries that the program has loaded, by the name it was found under, and
/// answers 1; 0 when there are not so many.
int homeport_library(int index, char *path, size_t size);

/// 1 when something keeps the clock of the system right, 0 when nothing does, -1 when it does not say.
int homeport_clock_is_kept(void);

/// Has the disk that a file lies on keep everything that was written to it.
int homeport_sync_disk(int descriptor);

/// Gives back what the allocator holds and does not use, and lets go of code and tables that were read from
/// files. What is used of them is there again at the next touch: the kernel keeps it as long as it has room.
void homeport_release_memory(void);

/// A pipe whose ends no program inherits; 0, or -1 with `errno`.
int homeport_pipe(int ends[2]);

/// A file that is in memory alone and that no program inherits; its descriptor, or -1 with `errno`.
int homeport_memory_file(void);

/// What lies at a path itself, no link followed: 0 for nothing, 1 for a socket, 2 for anything else.
int homeport_kind_of_socket(const char *path);
