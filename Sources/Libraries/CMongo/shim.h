#include <mongoc/mongoc.h>
#include <stdlib.h>

// A bson_t is aligned to 128 bytes, so Swift holds it by pointer only; replies need room that somebody made.
static inline bson_t *homeport_bson_room(void) {
    bson_t *room = aligned_alloc(128, sizeof(bson_t));
    if (room) bson_init(room);
    return room;
}

// Frees the room, with whatever a call has put there.
static inline void homeport_bson_room_free(bson_t *room) {
    bson_destroy(room);
    free(room);
}

static inline unsigned int homeport_bson_length(const bson_t *document) { return document->len; }

// The message is an array, which Swift would import as a tuple of 503 bytes.
static inline const char *homeport_bson_error_message(const bson_error_t *error) { return error->message; }
