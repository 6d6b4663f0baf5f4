/* The power-cut model: a library for LD_PRELOAD.
 *
 * PL_DST becomes the image of PL_SRC that would survive the worst legal power cut: it receives only
 * writes that a later fsync or fdatasync of the same file covers. sync_file_range counts for nothing,
 * as its manual page allows. Names (making, renaming and removing files) are durable at once.
 * Files opened by raw system calls are not seen.
 *
 * PL_FULL names a file. While it exists, the disk is full: a write to PL_SRC that would make a file
 * longer writes half of itself and then fails with ENOSPC. PL_BROKEN names another: while it exists,
 * fsync and fdatasync fail with EIO. PL_DEAF names a third: while it exists, fsync and fdatasync count
 * for nothing, as if the program had not called them.
 *
 * PL_STOP is a number: before that change of PL_SRC the process ends, as by a kill.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH_BYTES 2048
#define FDS 65536

/* A write, or where data is NULL a change of length to off. */
typedef struct Op {
    off_t off;
    size_t len;
    char *data;
    struct Op *next;
} Op;

typedef struct File {
    ino_t ino;
    Op *head, *tail;
    struct File *next;
} File;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char src[512], dst[512];
static size_t src_len;
static const char *full, *broken, *deaf;
static long stop, steps;
static int on = -1;
static File *files[4096];
static char tracked[FDS];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void init(void) {
    if (on >= 0) return;
    char *s = getenv("PL_SRC"), *d = getenv("PL_DST");
    full = getenv("PL_FULL");
    broken = getenv("PL_BROKEN");
    deaf = getenv("PL_DEAF");
    if (getenv("PL_STOP")) stop = atol(getenv("PL_STOP"));
    on = 0;
    if (!s || !d) return;
    snprintf(src, sizeof src, "%s", s);
    snprintf(dst, sizeof dst, "%s", d);
    src_len = strlen(src);
    on = 1;
}

static int real_open(const char *path, int flags, int mode) {
    static int (*real)(const char *, int, ...);
    if (!real) real = dlsym(RTLD_NEXT, "open64");
    return real(path, flags, mode);
}
static int real_close(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "close");
    return real(fd);
}
static ssize_t real_pwrite(int fd, const void *data, size_t len, off_t off) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    return real(fd, data, len, off);
}
static int real_ftruncate(int fd, off_t len) {
    static int (*real)(int, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "ftruncate64");
    return real(fd, len);
}

/* The place in the image of a path inside PL_SRC. */
static int image_of(const char *path, char *out) {
    char whole[PATH_BYTES];
    if (path[0] != '/') {
        char cwd[1024];
        if (!getcwd(cwd, sizeof cwd)) return 0;
        snprintf(whole, sizeof whole, "%s/%.1000s", cwd, path);
        path = whole;
    }
    if (strncmp(path, src, src_len) || (path[src_len] && path[src_len] != '/')) return 0;
    snprintf(out, PATH_BYTES, "%s%s", dst, path + src_len);
    return 1;
}

static int image_of_fd(int fd, char *out) {
    char link[64], path[PATH_BYTES];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return image_of(path, out);
}

static File *file_of(int fd) {
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) return 0;
    File **slot = &files[st.st_ino & 4095];
    for (File *f = *slot; f; f = f->next)
        if (f->ino == st.st_ino) return f;
    File *f = calloc(1, sizeof *f);
    f->ino = st.st_ino;
    f->next = *slot;
    return *slot = f;
}

static void remember(int fd, off_t off, const void *data, size_t len) {
    File *f = file_of(fd);
    if (!f) return;
    Op *op = calloc(1, sizeof *op);
    op->off = off;
    op->len = len;
    if (data) {
        op->data = malloc(len ? len : 1);
        memcpy(op->data, data, len);
    }
    if (f->tail) f->tail->next = op;
    else f->head = op;
    f->tail = op;
}

/* What was written to the file so far survives. */
static void apply(int fd) {
    char path[PATH_BYTES];
    File *f = file_of(fd);
    if (!f || !image_of_fd(fd, path) || strstr(path, " (deleted)")) return;
    int image = real_open(path, O_RDWR | O_CREAT, 0644);
    if (image < 0) return;
    for (Op *op = f->head, *next; op; op = next) {
        next = op->next;
        if (op->data) {
            if (real_pwrite(image, op->data, op->len, op->off) < 0) abort();
            free(op->data);
        } else if (real_ftruncate(image, op->off)) {
            abort();
        }
        free(op);
    }
    f->head = f->tail = 0;
    real_close(image);
}

/* A change of the disk is about to be made. */
static void step(void) {
    if (stop && __sync_add_and_fetch(&steps, 1) >= stop) _exit(77);
}

static int is_tracked(int fd) { return on == 1 && fd >= 0 && fd < FDS && tracked[fd]; }

static void opened(int fd, int flags) {
    if (fd < 0 || fd >= FDS) return;
    init();
    tracked[fd] = 0;
    char path[PATH_BYTES];
    struct stat st;
    if (on != 1 || !image_of_fd(fd, path) || fstat(fd, &st) || !S_ISREG(st.st_mode)) return;
    tracked[fd] = 1;
    if (flags & O_CREAT) {
        int image = real_open(path, O_RDWR | O_CREAT, 0644);
        if (image >= 0) real_close(image);
    }
    if (flags & O_TRUNC) {
        pthread_mutex_lock(&lock);
        remember(fd, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
}

/* How much of a write the disk takes; -1 with errno where it takes nothing. */
static ssize_t taken(int fd, size_t len, off_t off) {
    struct stat st;
    if (!is_tracked(fd) || !full || access(full, F_OK) || fstat(fd, &st)) return (ssize_t)len;
    if (off + (off_t)len <= st.st_size) return (ssize_t)len;
    if (len > 1) return (ssize_t)(len / 2);
    errno = ENOSPC;
    return -1;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        int mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list args; \
            va_start(args, flags); \
            mode = va_arg(args, int); \
            va_end(args); \
        } \
        int fd = real(path, flags, mode), e = errno; \
        opened(fd, flags); \
        errno = e; \
        return fd; \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int dir, const char *path, int flags, ...) { \
        REAL(name); \
        int mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list args; \
            va_start(args, flags); \
            mode = va_arg(args, int); \
            va_end(args); \
        } \
        int fd = real(dir, path, flags, mode), e = errno; \
        opened(fd, flags); \
        errno = e; \
        return fd; \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < FDS) tracked[fd] = 0;
    return real_close(fd);
}

#define FCNTL(name) \
    int name(int fd, int command, ...) { \
        REAL(name); \
        va_list args; \
        va_start(args, command); \
        void *arg = va_arg(args, void *); \
        va_end(args); \
        int v = real(fd, command, arg); \
        if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && v >= 0 && v < FDS && fd < FDS) \
            tracked[v] = tracked[fd]; \
        return v; \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

#define PWRITE(name) \
    ssize_t name(int fd, const void *data, size_t len, off_t off) { \
        REAL(name); \
        if (!is_tracked(fd)) return real(fd, data, len, off); \
        step(); \
        ssize_t n = taken(fd, len, off); \
        if (n < 0) return n; \
        pthread_mutex_lock(&lock); \
        n = real(fd, data, (size_t)n, off); \
        int e = errno; \
        if (n > 0) remember(fd, off, data, (size_t)n); \
        pthread_mutex_unlock(&lock); \
        errno = e; \
        return n; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t len) {
    REAL(write);
    if (!is_tracked(fd)) return real(fd, data, len);
    step();
    ssize_t n = taken(fd, len, lseek(fd, 0, SEEK_CUR));
    if (n < 0) return n;
    pthread_mutex_lock(&lock);
    n = real(fd, data, (size_t)n);
    int e = errno;
    if (n > 0) remember(fd, lseek(fd, 0, SEEK_CUR) - n, data, (size_t)n);
    pthread_mutex_unlock(&lock);
    errno = e;
    return n;
}

ssize_t writev(int fd, const struct iovec *v, int count) {
    REAL(writev);
    if (!is_tracked(fd)) return real(fd, v, count);
    step();
    pthread_mutex_lock(&lock);
    ssize_t n = real(fd, v, count);
    int e = errno;
    off_t off = n > 0 ? lseek(fd, 0, SEEK_CUR) - n : 0;
    ssize_t left = n;
    for (int i = 0; i < count && left > 0; i++) {
        size_t part = v[i].iov_len < (size_t)left ? v[i].iov_len : (size_t)left;
        remember(fd, off, v[i].iov_base, part);
        off += (off_t)part;
        left -= (ssize_t)part;
    }
    pthread_mutex_unlock(&lock);
    errno = e;
    return n;
}

#define FTRUNCATE(name) \
    int name(int fd, off_t len) { \
        REAL(name); \
        if (!is_tracked(fd)) return real(fd, len); \
        step(); \
        pthread_mutex_lock(&lock); \
        int k = real(fd, len), e = errno; \
        if (!k) remember(fd, len, 0, 0); \
        pthread_mutex_unlock(&lock); \
        errno = e; \
        return k; \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

#define SYNC(name) \
    int name(int fd) { \
        REAL(name); \
        if (is_tracked(fd)) step(); \
        if (is_tracked(fd) && broken && !access(broken, F_OK)) { \
            errno = EIO; \
            return -1; \
        } \
        int k = real(fd), e = errno; \
        if (!k && is_tracked(fd) && !(deaf && !access(deaf, F_OK))) { \
            pthread_mutex_lock(&lock); \
            apply(fd); \
            pthread_mutex_unlock(&lock); \
        } \
        errno = e; \
        return k; \
    }
SYNC(fsync)
SYNC(fdatasync)

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    init();
    char image[PATH_BYTES];
    if (on == 1 && image_of(path, image)) step();
    int k = real(path, mode), e = errno;
    if (!k && on == 1 && image_of(path, image)) real(image, mode);
    errno = e;
    return k;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    init();
    char a[PATH_BYTES], b[PATH_BYTES];
    if (on == 1 && image_of(from, a)) step();
    int k = real(from, to), e = errno;
    if (!k && on == 1 && image_of(from, a) && image_of(to, b)) real(a, b);
    errno = e;
    return k;
}

int unlink(const char *path) {
    REAL(unlink);
    init();
    char image[PATH_BYTES];
    if (on == 1 && image_of(path, image)) step();
    int k = real(path), e = errno;
    if (!k && on == 1 && image_of(path, image)) real(image);
    errno = e;
    return k;
}

int rmdir(const char *path) {
    REAL(rmdir);
    init();
    char image[PATH_BYTES];
    if (on == 1 && image_of(path, image)) step();
    int k = real(path), e = errno;
    if (!k && on == 1 && image_of(path, image)) real(image);
    errno = e;
    return k;
}

int unlinkat(int dir, const char *path, int flags) {
    REAL(unlinkat);
    init();
    char base[PATH_BYTES], image[PATH_BYTES];
    int inside = 0;
    if (on == 1) {
        if (dir == AT_FDCWD || path[0] == '/') {
            inside = image_of(path, image);
        } else if (image_of_fd(dir, base)) {
            snprintf(image, sizeof image, "%.1500s/%.500s", base, path);
            inside = 1;
        }
    }
    if (inside) step();
    int k = real(dir, path, flags), e = errno;
    if (!k && inside) real(AT_FDCWD, image, flags & AT_REMOVEDIR);
    errno = e;
    return k;
}
