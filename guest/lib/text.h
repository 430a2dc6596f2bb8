/* Strings, numbers and messages. */
#pragma once

#include <stddef.h>

size_t text_length(const char *text);
int text_same(const char *left, const char *right);
/* The rest of `text` after `prefix`, or a null pointer. */
const char *text_after(const char *text, const char *prefix);
/* A decimal number of 0 to `most`, nothing else; -1 if it is not one. */
long text_number(const char *text, long most);
/* The parts, joined; cut where `size` ends. Ends with a null pointer. */
void text_join(char *to, size_t size, ...);

/* What the error `-result` is called. */
const char *error_text(long result);
/* "PROGRAM: " and the parts, as one line on standard error. The last argument is a null pointer. */
void say(const char *first, ...);
extern const char *const program;

/* The start of a file as text: the length, or -errno. What does not fit is cut. */
long read_text(const char *path, char *to, size_t size);
/* Writes a whole short text, as the files of /proc/sys want it: 0 or -errno. */
int write_text(const char *path, const char *text);
/* Writes all of it, waiting where it must: 0 or -errno. */
int write_all(int fd, const char *from, size_t size);
