/* A growing queue of bytes. */
#include "agent.h"

size_t held(const struct bytes *q) { return q->end - q->start; }

/* Room for count more bytes at the end. */
uint8_t *reserve(struct bytes *q, size_t count) {
  if (q->start && q->capacity - q->end < count) {
    memmove(q->data, q->data + q->start, held(q));
    q->end -= q->start;
    q->start = 0;
  }
  if (q->capacity - q->end < count) {
    q->capacity = (q->end + count) * 2;
    q->data = realloc(q->data, q->capacity);
    if (!q->data) die("no memory");
  }
  return q->data + q->end;
}

void append(struct bytes *q, const void *data, size_t count) {
  memcpy(reserve(q, count), data, count);
  q->end += count;
}

void take(struct bytes *q, size_t count) {
  q->start += count;
  if (q->start == q->end) q->start = q->end = 0;
}

bool flush(struct bytes *q, int fd, size_t *written) {
  *written = 0;
  while (held(q)) {
    ssize_t n = write(fd, q->data + q->start, held(q));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    take(q, (size_t)n);
    *written += (size_t)n;
  }
  return true;
}
