/*
 * sse_readers: open many event streams to one URL and count the events that arrive.
 *
 *     cc -O2 -Wall -Wextra -o sse_readers sse_readers.c
 *     sse_readers CONNECTIONS SECONDS PORT PATH
 *
 * When every stream is open, one line "READY" goes to stderr. SECONDS later one line of JSON goes to
 * stdout: connections that are still open, events, bytes, and the age of the events on arrival. The
 * age is taken from "t":<nanoseconds of CLOCK_MONOTONIC> in the data of the event, same machine.
 *
 * Meant for loads at which one read gives whole events: what a read cuts in two is not put together.
 * One process, one thread, epoll.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { AGES = 1 << 22 };

struct stream {
    int fd;
    int open; /* the response head was seen */
};

static uint64_t events, bytes;
static uint32_t *ages_us;
static char buffer[1 << 18];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int older(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void count(const char *data, size_t size)
{
    uint64_t now = now_ns();
    const char *end = data + size;
    bytes += size;
    while ((data = memmem(data, (size_t)(end - data), "\"t\":", 4)) != NULL) {
        uint64_t sent = strtoull(data + 4, NULL, 10);
        if (events < AGES)
            ages_us[events] = now > sent ? (uint32_t)((now - sent) / 1000) : 0;
        events++;
        data += 4;
    }
}

static int dial(const struct sockaddr_in *address, const char *request)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0
        || write(fd, request, strlen(request)) != (ssize_t)strlen(request)) {
        perror("connect");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "use: sse_readers CONNECTIONS SECONDS PORT PATH\n");
        return 2;
    }
    int wanted = atoi(argv[1]), open = 0, gone = 0, begun = 0;
    uint64_t length_ns = (uint64_t)(atof(argv[2]) * 1e9), until = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    char request[512];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n", argv[4]);

    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    struct stream *streams = calloc((size_t)wanted, sizeof *streams);
    ages_us = calloc(AGES, sizeof *ages_us);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || !ages_us || poll < 0) {
        perror("setup");
        return 1;
    }
    while (!until || now_ns() < until) {
        /* A few at a time, so that the queue of the listening socket never overflows. */
        for (int i = 0; i < 64 && begun < wanted; i++, begun++) {
            streams[begun].fd = dial(&address, request);
            struct epoll_event want = {.events = EPOLLIN, .data.ptr = &streams[begun]};
            epoll_ctl(poll, EPOLL_CTL_ADD, streams[begun].fd, &want);
        }
        struct epoll_event ready[512];
        int found = epoll_wait(poll, ready, 512, 10);
        for (int i = 0; i < found; i++) {
            struct stream *stream = ready[i].data.ptr;
            ssize_t size = recv(stream->fd, buffer, sizeof buffer, MSG_DONTWAIT);
            if (size <= 0) {
                close(stream->fd);
                gone++;
            } else if (!stream->open) {
                stream->open = 1;
                open++;
            } else {
                count(buffer, (size_t)size);
            }
        }
        if (!until && open == wanted) {
            fprintf(stderr, "READY\n");
            until = now_ns() + length_ns;
        }
    }
    uint64_t kept = events < AGES ? events : AGES;
    qsort(ages_us, kept, sizeof *ages_us, older);
    printf("{\"open\": %d, \"gone\": %d, \"events\": %llu, \"bytes\": %llu, \"p50_ms\": %.3f, "
           "\"p99_ms\": %.3f}\n",
           open, gone, (unsigned long long)events, (unsigned long long)bytes,
           kept ? ages_us[kept / 2] / 1e3 : 0.0, kept ? ages_us[kept * 99 / 100] / 1e3 : 0.0);
    return 0;
}
