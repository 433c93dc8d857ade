#include <errno.h>
#include <ldap.h>
#include <poll.h>
#include <sys/time.h>
#include <time.h>

// libldap's own limits of time do not hold while TLS is begun with ldaps://: a server that says nothing then keeps the
// thread for ever. So every connection reads and writes through a layer that waits until a moment and no longer.

typedef struct homeport_ldap_limit {
    struct ldap_conncb callback;
    long long end;  // in milliseconds of the clock that never goes back
} homeport_ldap_limit;

static inline long long homeport_ldap_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline void homeport_ldap_limit_set(homeport_ldap_limit *limit, long long milliseconds) {
    limit->end = homeport_ldap_now() + milliseconds;
}

// 0 when the connection is ready; otherwise errno says why not.
static inline int homeport_ldap_wait(Sockbuf_IO_Desc *layer, short events) {
    homeport_ldap_limit *limit = layer->sbiod_pvt;
    ber_socket_t descriptor = -1;
    ber_sockbuf_ctrl(layer->sbiod_sb, LBER_SB_OPT_GET_FD, &descriptor);
    for (;;) {
        long long left = limit->end - homeport_ldap_now();
        if (left <= 0) break;
        struct pollfd item = {descriptor, events, 0};
        int ready = poll(&item, 1, (int)(left > 60000 ? 60000 : left));
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return -1;
    }
    errno = ETIMEDOUT;
    return -1;
}

static inline int homeport_ldap_layer_setup(Sockbuf_IO_Desc *layer, void *limit) {
    layer->sbiod_pvt = limit;
    return 0;
}

static inline int homeport_ldap_layer_control(Sockbuf_IO_Desc *layer, int option, void *value) {
    return LBER_SBIOD_CTRL_NEXT(layer, option, value);
}

static inline ber_slen_t homeport_ldap_layer_read(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t count) {
    if (homeport_ldap_wait(layer, POLLIN) != 0) return -1;
    return LBER_SBIOD_READ_NEXT(layer, bytes, count);
}

static inline ber_slen_t homeport_ldap_layer_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t count) {
    if (homeport_ldap_wait(layer, POLLOUT) != 0) return -1;
    return LBER_SBIOD_WRITE_NEXT(layer, bytes, count);
}

static inline int homeport_ldap_connected(
    LDAP *handle, Sockbuf *buffer, LDAPURLDesc *server, struct sockaddr *address, struct ldap_conncb *callback) {
    static Sockbuf_IO layer = {
        homeport_ldap_layer_setup, NULL, homeport_ldap_layer_control, homeport_ldap_layer_read,
        homeport_ldap_layer_write, NULL};
    (void)handle, (void)server, (void)address;
    return ber_sockbuf_add_io(buffer, &layer, LBER_SBIOD_LEVEL_PROVIDER + 1, callback->lc_arg);
}

static inline void homeport_ldap_closed(LDAP *handle, Sockbuf *buffer, struct ldap_conncb *callback) {
    (void)handle, (void)buffer, (void)callback;
}

// Has the handle keep to the limit, which must live as long as the handle.
static inline int homeport_ldap_limit_attach(LDAP *handle, homeport_ldap_limit *limit) {
    limit->callback.lc_add = homeport_ldap_connected;
    limit->callback.lc_del = homeport_ldap_closed;
    limit->callback.lc_arg = limit;
    return ldap_set_option(handle, LDAP_OPT_CONNECT_CB, &limit->callback);
}
