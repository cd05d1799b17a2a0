/* A fake OpenAI-compatible model server, lean enough to need no core of its own.  Usage: model PORT

   "#p<ms>n<count>#" in the last message asks for `count` chunks, `ms` apart; p0 is as fast as they
   can be written.  Every chunk says when it was due, as "@<nanoseconds>@" of the monotonic clock, so
   that a relay which holds it back cannot hide that.  Requests must carry a Content-Length. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENT_HEAD "{\"id\":\"chatcmpl-9f8e7d6c5b4a\",\"object\":\"chat.completion.chunk\"," \
                   "\"created\":1712345678,\"model\":\"fake-4o-mini\","
#define SECOND 1000000000L

typedef struct Caller {
  int fd, gone;
  char *in;          /* the request so far */
  int length, room;
  int left, total;   /* chunks still to send, of how many; -1: the end is sent too */
  long pause, due;   /* nanoseconds */
  char out[2048];    /* what the socket did not take yet */
  int out_from, out_to;
  struct Caller *next;
} Caller;

static Caller *callers;
static int poller;

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

/* Returns whether everything has been sent; a broken connection is marked as gone. */
static int flush_out(Caller *c) {
  while (c->out_from < c->out_to) {
    int sent = send(c->fd, c->out + c->out_from, c->out_to - c->out_from, MSG_NOSIGNAL);
    if (sent < 0) {
      c->gone |= errno != EAGAIN;
      return 0;
    }
    c->out_from += sent;
  }
  c->out_from = c->out_to = 0;
  return 1;
}

static void put(Caller *c, const char *head, const char *event) {
  c->out_to += sprintf(c->out + c->out_to, "%s%zx\r\n%s\r\n", head, strlen(event), event);
}

static void put_chunk(Caller *c, long at) {
  char event[512];
  int first = c->left == c->total;
  sprintf(event, "data: " EVENT_HEAD "\"choices\":[{\"index\":0,\"delta\":{%s\"content\":\"@%ld@ \"},"
          "\"logprobs\":null,\"finish_reason\":null}]}\n\n",
          first ? "\"role\":\"assistant\"," : "", at);
  put(c, first ? "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                 "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n" : "", event);
}

static void put_end(Caller *c) {
  char event[1024];
  sprintf(event, "data: " EVENT_HEAD "\"choices\":[{\"index\":0,\"delta\":{},"
          "\"finish_reason\":\"stop\"}]}\n\ndata: " EVENT_HEAD "\"choices\":[],\"usage\":"
          "{\"prompt_tokens\":10,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\ndata: [DONE]\n\n",
          c->total, c->total + 10);
  put(c, "", event);
  c->out_to += sprintf(c->out + c->out_to, "0\r\n\r\n");
}

static void speak(Caller *c) {
  while (!c->gone && c->left >= 0 && c->due <= now()) {
    if (!flush_out(c)) return;
    int first = c->left == c->total;
    if (c->left > 0) put_chunk(c, c->pause ? c->due : now());
    else put_end(c);
    c->left--;
    /* Replies that begin together shall not stay in step. */
    if (first && c->pause) c->due = now() + 1 + rand() % c->pause;
    else c->due += c->pause;
    flush_out(c);
  }
}

static void listen_to(Caller *c) {
  if (c->length == c->room) c->in = realloc(c->in, (c->room = c->room ? 2 * c->room : 4096) + 1);
  int got = read(c->fd, c->in + c->length, c->room - c->length);
  if (got <= 0) {
    c->gone |= got == 0 || errno != EAGAIN;
    return;
  }
  c->length += got;
  c->in[c->length] = 0;
  char *body = strstr(c->in, "\r\n\r\n");
  char *length = strcasestr(c->in, "content-length:");
  if (!body || !length || c->length < body + 4 - c->in + atoi(length + 15)) return;
  int ms = 20, count = 200, m, n;
  for (char *at = body; (at = strstr(at, "#p")); at++)
    if (sscanf(at, "#p%dn%d#", &m, &n) == 2) ms = m, count = n;
  c->length = 0;
  c->total = c->left = count;
  c->pause = ms * 1000000L;
  c->due = now();
}

static void welcome(int listening) {
  int fd, one = 1;
  while ((fd = accept4(listening, 0, 0, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Caller *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->left = -1;
    c->next = callers;
    callers = c;
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &want);
  }
}

static void forget_gone(void) {
  for (Caller **at = &callers; *at;) {
    Caller *c = *at;
    if (!c->gone) {
      at = &c->next;
      continue;
    }
    *at = c->next;
    close(c->fd);
    free(c->in);
    free(c);
  }
}

static int listen_at(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (void *)&at, sizeof at) || listen(fd, 4096)) {
    perror("model");
    exit(1);
  }
  return fd;
}

int main(int count, char **words) {
  if (count != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  int listening = listen_at(atoi(words[1]));
  poller = epoll_create1(0);
  struct epoll_event want = {.events = EPOLLIN}, ready[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listening, &want);
  for (;;) {
    long begun = now(), next = begun + SECOND / 5;
    for (Caller *c = callers; c; c = c->next)
      if (c->left >= 0) {
        long at = c->out_to ? begun + SECOND / 1000 : c->due;
        if (at < next) next = at;
      }
    long wait = next - begun < 50000 ? 50000 : next - begun;
    struct timespec timeout = {wait / SECOND, wait % SECOND};
    int n = epoll_pwait2(poller, ready, 256, &timeout, 0);
    for (int i = 0; i < n; i++) {
      if (ready[i].data.ptr) listen_to(ready[i].data.ptr);
      else welcome(listening);
    }
    for (Caller *c = callers; c; c = c->next) {
      flush_out(c);
      speak(c);
    }
    forget_gone();
  }
}
