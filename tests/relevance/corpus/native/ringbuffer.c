#include "ringbuffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINIMUM 64
#define MASK(ring) ((ring)->capacity - 1)

static size_t round_up(size_t wanted) {
    size_t size = MINIMUM;
    while (size < wanted)
        size <<= 1;
    return size;
}

/* Returns 0, or -1 with errno set where there is no memory. */
int ring_open(struct ring *ring, size_t wanted) {
    ring->capacity = round_up(wanted);
    ring->head = ring->tail = 0;
    ring->bytes = malloc(ring->capacity);
    if (ring->bytes == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}

size_t ring_used(const struct ring *ring) {
    return ring->head - ring->tail;
}

/* Writes as much as fits and returns how much that was. */
size_t ring_write(struct ring *ring, const void *data, size_t length) {
    size_t room = ring->capacity - ring_used(ring);
    size_t at = ring->head & MASK(ring);
    size_t first;

    if (length > room)
        length = room;
    first = ring->capacity - at;
    if (first > length)
        first = length;
    memcpy(ring->bytes + at, data, first);
    memcpy(ring->bytes, (const unsigned char *)data + first, length - first);
    ring->head += length;
    return length;
}

size_t ring_read(struct ring *ring, void *data, size_t length) {
    size_t used = ring_used(ring);
    size_t at = ring->tail & MASK(ring);
    size_t first;

    if (length > used)
        length = used;
    first = ring->capacity - at;
    if (first > length)
        first = length;
    memcpy(data, ring->bytes + at, first);
    memcpy((unsigned char *)data + first, ring->bytes, length - first);
    ring->tail += length;
    return length;
}

/* The offset of a byte from the read position, or -1 where it has not come yet. */
long ring_find(const struct ring *ring, unsigned char wanted) {
    size_t used = ring_used(ring);
    for (size_t i = 0; i < used; i++) {
        if (ring->bytes[(ring->tail + i) & MASK(ring)] == wanted)
            return (long)i;
    }
    return -1;
}

int ring_read_line(struct ring *ring, char *line, size_t size) {
    long end = ring_find(ring, '\n');
    if (end < 0 || (size_t)end + 1 > size)
        return -1;
    ring_read(ring, line, (size_t)end + 1);
    line[end] = '\0';
    if (end > 0 && line[end - 1] == '\r')
        line[--end] = '\0';
    return (int)end;
}

void ring_close(struct ring *ring) {
    free(ring->bytes);
    memset(ring, 0, sizeof *ring);
}
