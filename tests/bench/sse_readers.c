/*
 * sse_readers: open many event streams to one URL and read what arrives, as fast as it comes.
 *
 *     cc -O2 -Wall -Wextra -o sse_readers sse_readers.c
 *     sse_readers STREAMS EVENTS SECONDS BEAT_S AWAKE PORT PATH
 *
 * When every stream is open, one line "READY" goes to stderr. It ends when every stream has EVENTS
 * events (0: not before the time is over), or after SECONDS. Then one line of JSON goes to stdout:
 *
 *     open, lost          streams that were opened, and that broke before the end
 *     connect_s           from the first connect to the last response head
 *     events, span_s      events of all streams, and the time from the first to the last of them
 *     wrong               events whose "n" is not one more than the stream's last "n"
 *     p50_ms, p99_ms      age of the events: "t_ns" in the data is CLOCK_MONOTONIC, same machine
 *     beats, late_p99_ms  events named `heartbeat`, and how much later than BEAT_S after the last
 *
 * With AWAKE 1 it polls without sleeping once all streams are open. Otherwise many of the server's
 * writes wake a process on the other core, which in a virtual machine costs more than the write; the
 * clients of a real server are on other machines, and it pays nothing for their waking.
 *
 * An event that counts has "n" and "t_ns" in its data. Lines are put together again whatever the
 * reads are; chunk sizes are lines like others that mean nothing here, so that a server may use
 * chunks or not, but must not cut a line with them. One thread, level-triggered epoll. Streams are
 * closed with a reset: the next run finds no port waiting.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 1 << 22, UNDER_WAY = 128, LINE = 4096, READ = 1 << 18 };

struct stream {
    int fd;
    int open; /* a response head with status 200 was seen */
    int beating; /* the event that is being read is a heartbeat */
    uint16_t kept; /* bytes of an unfinished line */
    char *line;
    uint64_t events, n, beat_ns;
};

struct samples {
    uint32_t *us;
    size_t count;
};

static struct stream *streams;
static struct samples ages, lateness;
static uint64_t total, wrong, beats, wanted_events, first_ns, last_ns, beat_ns;
static int wanted, begun, opened, lost, complete, epoll;
static char buffer[LINE + READ];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void sample(struct samples *of, uint64_t ns)
{
    if (of->count < SAMPLES)
        of->us[of->count++] = (uint32_t)(ns / 1000);
}

static int smaller(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static double percentile_ms(const struct samples *of, size_t percent)
{
    return of->count ? of->us[(of->count - 1) * percent / 100] / 1e3 : 0.0;
}

/* Return the number behind a key of the JSON in a line, 0 if the key is not there. */
static uint64_t number(const char *line, size_t size, const char *key)
{
    const char *found = memmem(line, size, key, strlen(key));
    return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

static void take_data(struct stream *stream, const char *line, size_t size, uint64_t now)
{
    if (stream->beating) {
        stream->beating = 0;
        if (stream->beat_ns) {
            uint64_t since = now - stream->beat_ns;
            sample(&lateness, since > beat_ns ? since - beat_ns : 0);
        }
        stream->beat_ns = now;
        beats++;
        return;
    }
    uint64_t sent = number(line, size, "\"t_ns\":"), n = number(line, size, "\"n\":");
    if (!sent)
        return;
    sample(&ages, now > sent ? now - sent : 0);
    if (stream->events && n != stream->n + 1)
        wrong++;
    stream->n = n;
    if (!total++)
        first_ns = now;
    last_ns = now;
    if (++stream->events == wanted_events)
        complete++;
}

static void take_line(struct stream *stream, const char *line, size_t size, uint64_t now)
{
    if (size > 5 && memcmp(line, "data:", 5) == 0) {
        take_data(stream, line, size, now);
    } else if (size >= 16 && memcmp(line, "event: heartbeat", 16) == 0) {
        stream->beating = 1;
    } else if (!stream->open && size > 12 && memcmp(line, "HTTP/1.1 200", 12) == 0) {
        stream->open = 1;
        opened++;
    }
}

/* Take the bytes from `data` to `end`; the line that they leave unfinished is kept. */
static void take(struct stream *stream, char *data, char *end, uint64_t now)
{
    char *feed;
    while ((feed = memchr(data, '\n', (size_t)(end - data))) != NULL) {
        take_line(stream, data, (size_t)(feed - data), now);
        data = feed + 1;
    }
    stream->kept = (uint16_t)(end - data);
    if (!stream->kept)
        return;
    if (end - data > LINE || (!stream->line && !(stream->line = malloc(LINE)))) {
        fprintf(stderr, "a line of more than %d bytes\n", LINE);
        exit(1);
    }
    memcpy(stream->line, data, stream->kept);
}

static void hang_up(struct stream *stream)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(stream->fd);
    stream->fd = -1;
}

static void dial(struct stream *stream, const struct sockaddr_in *address, const char *request)
{
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream->fd < 0 || connect(stream->fd, (const struct sockaddr *)address, sizeof *address)
        || write(stream->fd, request, strlen(request)) != (ssize_t)strlen(request))
        fail("connect");
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = stream};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, stream->fd, &want))
        fail("epoll_ctl");
}

static void read_from(struct stream *stream)
{
    char *fresh = buffer + LINE;
    ssize_t size = recv(stream->fd, fresh, READ, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        lost++;
        hang_up(stream);
        return;
    }
    char *begin = fresh - stream->kept;
    memcpy(begin, stream->line, stream->kept);
    take(stream, begin, fresh + size, now_ns());
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fprintf(stderr, "use: sse_readers STREAMS EVENTS SECONDS BEAT_S AWAKE PORT PATH\n");
        return 2;
    }
    wanted = atoi(argv[1]);
    wanted_events = strtoull(argv[2], NULL, 10);
    uint64_t length_ns = (uint64_t)(atof(argv[3]) * 1e9), until = 0;
    beat_ns = (uint64_t)(atof(argv[4]) * 1e9);
    int awake = atoi(argv[5]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[6]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    char request[512];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n", argv[7]);

    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    streams = calloc((size_t)wanted, sizeof *streams);
    ages.us = calloc(SAMPLES, sizeof *ages.us);
    lateness.us = calloc(SAMPLES, sizeof *lateness.us);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || !ages.us || !lateness.us || epoll < 0)
        fail("setup");

    uint64_t begin = now_ns(), connected = 0;
    while (!until || (now_ns() < until && !(wanted_events && complete + lost >= wanted))) {
        /* So many at a time that the queue of the listening socket never overflows. */
        while (begun < wanted && begun - opened - lost < UNDER_WAY)
            dial(&streams[begun++], &address, request);
        struct epoll_event ready[512];
        int found = epoll_wait(epoll, ready, 512, until && awake ? 0 : 10);
        if (!found)
            sched_yield();
        for (int i = 0; i < found; i++)
            read_from(ready[i].data.ptr);
        if (!until && opened + lost >= wanted) {
            connected = now_ns();
            fprintf(stderr, "READY\n");
            until = connected + length_ns;
        }
    }
    for (int i = 0; i < begun; i++)
        if (streams[i].fd >= 0)
            hang_up(&streams[i]);
    qsort(ages.us, ages.count, sizeof *ages.us, smaller);
    qsort(lateness.us, lateness.count, sizeof *lateness.us, smaller);
    printf("{\"open\": %d, \"lost\": %d, \"connect_s\": %.6f, \"events\": %llu, \"span_s\": %.6f, "
           "\"wrong\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"beats\": %llu, "
           "\"late_p99_ms\": %.3f}\n",
           opened, lost, (double)(connected - begin) / 1e9, (unsigned long long)total,
           (double)(last_ns - first_ns) / 1e9, (unsigned long long)wrong,
           percentile_ms(&ages, 50), percentile_ms(&ages, 99), (unsigned long long)beats,
           percentile_ms(&lateness, 99));
    return 0;
}
