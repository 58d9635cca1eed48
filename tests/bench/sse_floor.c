/*
 * sse_floor: the least that sending events to many HTTP clients can cost.
 *
 *     cc -O2 -Wall -Wextra -o sse_floor sse_floor.c
 *     sse_floor LISTENER FEED
 *
 * Both are inherited descriptors: a listening socket, and one end of a pair of datagram sockets.
 * Every request, whatever it asks for, is answered with the head of an event stream; every datagram,
 * one HTTP chunk, is sent to every client. Nothing is kept, checked or timed, and a client that does
 * not take its bytes at once is dropped. Ends when the feed is closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";

static int *clients; /* descriptors, without holes */
static int *place; /* of each descriptor in `clients`, -1 for none */
static int count, most, epoll;
static char buffer[1 << 16];

static void drop(int fd)
{
    if (place[fd] >= 0) {
        clients[place[fd]] = clients[--count];
        place[clients[count]] = place[fd];
        place[fd] = -1;
    }
    close(fd);
}

static void watch(int fd)
{
    struct epoll_event want = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &want)) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void greet(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= most)
            close(fd);
        else
            watch(fd);
    }
}

/* The request came, or the client left. */
static void answer(int fd)
{
    if (recv(fd, buffer, sizeof buffer, 0) <= 0) {
        drop(fd);
    } else if (place[fd] < 0) {
        place[fd] = count;
        clients[count++] = fd;
        send(fd, HEAD, sizeof HEAD - 1, MSG_NOSIGNAL);
    }
}

static void publish(const char *data, size_t size)
{
    for (int i = count - 1; i >= 0; i--)
        if (send(clients[i], data, size, MSG_NOSIGNAL) != (ssize_t)size)
            drop(clients[i]);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "use: sse_floor LISTENER FEED\n");
        return 2;
    }
    int listener = atoi(argv[1]), feed = atoi(argv[2]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    most = (int)limit.rlim_max;
    clients = calloc((size_t)most, sizeof *clients);
    place = malloc((size_t)most * sizeof *place);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || !place || epoll < 0) {
        perror("setup");
        return 1;
    }
    memset(place, -1, (size_t)most * sizeof *place);
    watch(listener);
    watch(feed);
    for (;;) {
        struct epoll_event ready[512];
        int found = epoll_wait(epoll, ready, 512, -1);
        for (int i = 0; i < found; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                greet(listener);
            } else if (fd == feed) {
                ssize_t size = recv(feed, buffer, sizeof buffer, MSG_DONTWAIT);
                if (size == 0)
                    return 0;
                if (size > 0)
                    publish(buffer, (size_t)size);
            } else {
                answer(fd);
            }
        }
    }
}
