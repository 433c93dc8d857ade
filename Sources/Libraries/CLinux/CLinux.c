#define _GNU_SOURCE
#include "CLinux.h"
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t homeport_pread_cached(int descriptor, void *bytes, size_t count, off_t offset) {
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    return preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
}

int homeport_start_writing(int descriptor, off_t offset, off_t count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

void homeport_settle_allocator(void) {
    // Each arena keeps what was freed in it, and there would be eight for each core.
    mallopt(M_ARENA_MAX, 2);
    // Left to itself the allocator would map and unmap each large buffer, so that the kernel clears its pages
    // again and again.
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int homeport_allocate(int descriptor, off_t count) {
    return fallocate(descriptor, 0, 0, count);
}

struct wanted_library {
    int index;
    char *path;
    size_t size;
    int found;
};

static int find_library(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    struct wanted_library *wanted = context;
    // The program itself has no name here, and what the kernel brings is no file.
    if (info->dlpi_name == NULL || info->dlpi_name[0] != '/') return 0;
    if (wanted->index-- > 0) return 0;
    if (strlen(info->dlpi_name) >= wanted->size) return 1;
    strcpy(wanted->path, info->dlpi_name);
    wanted->found = 1;
    return 1;
}

int homeport_library(int index, char *path, size_t size) {
    struct wanted_library wanted = {index, path, size, 0};
    dl_iterate_phdr(find_library, &wanted);
    return wanted.found;
}

int homeport_clock_is_kept(void) {
    struct timex state = {0};
    int status = adjtimex(&state);
    if (status < 0) return -1;
    return status != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

int homeport_sync_disk(int descriptor) {
    return syncfs(descriptor);
}

void homeport_release_memory(void) {
    malloc_trim(0);
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (maps == NULL) return;
    char line[512];
    unsigned long begin = 0, end = 0;
    int is_read_only = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to, inode, written;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %lu", &from, &to, rights, &inode) == 4) {
            begin = from;
            end = to;
            is_read_only = rights[1] == '-' && rights[3] == 'p' && inode != 0;
        } else if (is_read_only && sscanf(line, "Anonymous: %lu kB", &written) == 1) {
            // What was written before it became read-only is not in the file: such a part is left alone.
            if (written == 0) madvise((void *)begin, end - begin, MADV_DONTNEED);
            is_read_only = 0;
        }
    }
    fclose(maps);
}

int homeport_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

int homeport_memory_file(void) {
    return memfd_create("homeport", MFD_CLOEXEC);
}

int homeport_kind_of_socket(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) return 0;
    return S_ISSOCK(status.st_mode) ? 1 : 2;
}
