// Loaded into a program by LD_PRELOAD, keeps beside its data what a disk would still have after a power cut: of
// each file the bytes it had when it was last synced, of each folder the names. What was never synced is not there.
//
// POWER_CUT_DATA is the folder that is watched, POWER_CUT_DISK where the rest is kept: inodes/<inode> with bytes,
// folders/<path with % for /> with lines of inode, type and name. POWER_CUT_LIES makes a disk that says it has synced
// something and has not, to see that this is found out: `files` or `folders` of blobs, or `rows` of the database.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// One at a time, so that an older state never takes the place of a newer one.
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static int is_watched(const char *path) {
    const char *data = getenv("POWER_CUT_DATA");
    size_t length = data ? strlen(data) : 0;
    return length && !strncmp(path, data, length) && (path[length] == 0 || path[length] == '/');
}

static void fail(const char *what) {
    dprintf(2, "power_cut: %s: %s\n", what, strerror(errno));
    abort();
}

static void copy_bytes(int from, const char *to) {
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (target < 0) fail(to);
    char piece[1 << 16];
    off_t offset = 0;
    ssize_t count;
    while ((count = pread(from, piece, sizeof piece, offset)) > 0) {
        if (write(target, piece, count) != count) fail(to);
        offset += count;
    }
    if (count < 0) fail("reading what is synced");
    close(target);
}

static void copy_names(const char *path, const char *to) {
    DIR *folder = opendir(path);
    FILE *target = fopen(to, "we");
    if (!folder || !target) fail(to);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        char type = entry->d_type == DT_DIR ? 'd' : 'f';
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        fprintf(target, "%llu %c %s\n", (unsigned long long)entry->d_ino, type, entry->d_name);
    }
    closedir(folder);
    fclose(target);
}

// Writes down the state at the call, calls, and lets it count when the call has succeeded.
static int watched_sync(int descriptor, const char *path, int (*call)(int)) {
    const char *disk = getenv("POWER_CUT_DISK"), *lies = getenv("POWER_CUT_LIES");
    char before[PATH_MAX * 2], after[PATH_MAX * 2], name[PATH_MAX];
    struct stat status;
    if (!disk || fstat(descriptor, &status)) fail("looking at what is synced");
    int is_folder = S_ISDIR(status.st_mode);
    const char *kind = !strstr(path, "/docker/") ? "rows" : is_folder ? "folders" : "files";
    if (lies && !strcmp(lies, kind)) return call(descriptor);
    pthread_mutex_lock(&turn);
    if (is_folder) {
        strcpy(name, path);
        for (char *at = name; *at; at++) if (*at == '/') *at = '%';
        snprintf(after, sizeof after, "%s/folders/%s", disk, name);
    } else {
        snprintf(after, sizeof after, "%s/inodes/%llu", disk, (unsigned long long)status.st_ino);
    }
    snprintf(before, sizeof before, "%s/next", disk);
    if (is_folder) copy_names(path, before); else copy_bytes(descriptor, before);
    int result = call(descriptor), reason = errno;
    if (result == 0 && rename(before, after)) fail(after);
    pthread_mutex_unlock(&turn);
    errno = reason;
    return result;
}

static int sync_by(const char *call_name, int descriptor) {
    int (*call)(int) = (int (*)(int))dlsym(RTLD_NEXT, call_name);
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return call(descriptor);
    path[length] = 0;
    return is_watched(path) ? watched_sync(descriptor, path, call) : call(descriptor);
}

int fsync(int descriptor) { return sync_by("fsync", descriptor); }
int fdatasync(int descriptor) { return sync_by("fdatasync", descriptor); }
