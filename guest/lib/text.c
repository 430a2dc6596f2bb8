#include "text.h"

#include <stdarg.h>

#include "sys.h"

size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

int text_same(const char *left, const char *right) {
  const char *rest = text_after(left, right);
  return rest != 0 && *rest == 0;
}

const char *text_after(const char *text, const char *prefix) {
  for (; *prefix != 0; text++, prefix++)
    if (*text != *prefix) return 0;
  return text;
}

long text_number(const char *text, long most) {
  long value = 0;
  if (*text == 0) return -1;
  for (; *text != 0; text++) {
    if (*text < '0' || *text > '9') return -1;
    value = value * 10 + (*text - '0');
    if (value > most) return -1;
  }
  return value;
}

static size_t join(char *to, size_t size, const char *first, va_list parts) {
  size_t length = 0;
  for (const char *part = first; part != 0; part = va_arg(parts, const char *))
    for (; *part != 0 && length + 1 < size; part++) to[length++] = *part;
  to[length] = 0;
  return length;
}

void text_join(char *to, size_t size, ...) {
  va_list parts;
  va_start(parts, size);
  join(to, size, "", parts);
  va_end(parts);
}

const char *error_text(long result) {
  static char other[32];
  switch (-result) {
    case EPERM: return "not permitted";
    case ENOENT: return "no such file or directory";
    case EIO: return "input/output error";
    case E2BIG: return "argument list too long";
    case ENOEXEC: return "not an executable of this machine";
    case ENOMEM: return "out of memory";
    case EACCES: return "permission denied";
    case EBUSY: return "busy";
    case ENODEV: return "not known to this kernel";
    case ENOTDIR: return "not a directory";
    case EISDIR: return "is a directory";
    case EINVAL: return "invalid argument";
    case ENOSYS: return "this kernel has no such call";
  }
  char digits[8], *at = digits + sizeof digits - 1;
  *at = 0;
  long number = -result;
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) != 0 && at > digits);
  text_join(other, sizeof other, "error ", at, (char *)0);
  return other;
}

void say(const char *first, ...) {
  char line[1024];
  text_join(line, sizeof line, program, ": ", (char *)0);
  size_t start = text_length(line);
  va_list parts;
  va_start(parts, first);
  size_t length = start + join(line + start, sizeof line - start - 1, first, parts);
  va_end(parts);
  line[length++] = '\n'; /* one write, so that nothing of others comes in between */
  sys_write(2, line, length);
}

long read_text(const char *path, char *to, size_t size) {
  int fd = sys_open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  size_t length = 0;
  long got = 0;
  while (length + 1 < size && (got = sys_read(fd, to + length, size - 1 - length)) > 0) length += (size_t)got;
  sys_close(fd);
  to[length] = 0;
  return got < 0 ? got : (long)length;
}

int write_text(const char *path, const char *text) {
  int fd = sys_open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  int result = write_all(fd, text, text_length(text));
  sys_close(fd);
  return result;
}

int write_all(int fd, const char *from, size_t size) {
  while (size > 0) {
    long wrote = sys_write(fd, from, size);
    if (wrote == -EINTR) continue;
    if (wrote == -EAGAIN) {
      struct pollfd room = {fd, POLLOUT, 0};
      sys_poll(&room, 1, 0, 0);
      continue;
    }
    if (wrote < 0) return (int)wrote;
    from += wrote;
    size -= (size_t)wrote;
  }
  return 0;
}
