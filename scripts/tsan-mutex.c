// The thread sanitizer sees what it was compiled into. Swift's Mutex takes and gives up a lock that others wait for in
// the standard library, which it was not compiled into: without these two, all that such a lock orders looks like
// a race. `make tsan` loads them before the tests.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define swift __attribute__((swiftcall))
#define self_of __attribute__((swift_context))

// Synchronization._MutexHandle._lockSlow(Swift.UInt32) -> ()
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
// Synchronization._MutexHandle._unlockSlow() -> ()
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

swift void lock_slow(uint32_t thread, self_of void *mutex) __asm__(LOCK_SLOW);
swift void unlock_slow(self_of void *mutex) __asm__(UNLOCK_SLOW);

swift void lock_slow(uint32_t thread, self_of void *mutex) {
    static swift void (*real)(uint32_t, self_of void *);
    if (!real) real = (swift void (*)(uint32_t, self_of void *))dlsym(RTLD_NEXT, LOCK_SLOW);
    real(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

swift void unlock_slow(self_of void *mutex) {
    static swift void (*real)(self_of void *);
    if (!real) real = (swift void (*)(self_of void *))dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(mutex);
    real(mutex);
}
