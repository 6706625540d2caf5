#ifndef FERRY_RINGBUFFER_H
#define FERRY_RINGBUFFER_H

#include <stddef.h>

/* A byte queue between one writer and one reader. */
struct ring {
    unsigned char *bytes;
    size_t capacity; /* a power of two */
    size_t head;     /* next byte to write, never wrapped */
    size_t tail;     /* next byte to read, never wrapped */
};

int ring_open(struct ring *ring, size_t wanted);
size_t ring_write(struct ring *ring, const void *data, size_t length);
size_t ring_read(struct ring *ring, void *data, size_t length);
void ring_close(struct ring *ring);

#endif
