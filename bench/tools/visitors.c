/* Many visitors at once, in one lean process.  Prints one line of JSON.

   visitors PORT METHOD PATH [--header "Name: value"]... [--body TEXT] [--visitors N] [--seconds S]
            [--ramp S] [--times N] [--end TEXT] [--late MS] [--hold]

   Each visitor sends its request again and again until the time is over, or `times` times.
   Without --end, a response ends with its Content-Length and the connection is kept.  With --end,
   it is a stream that ends at this text, on a connection of its own; the "@<nanoseconds>@" stamps
   in it tell when each chunk was due, and `late` after which it counts as late.
   With --hold, every visitor opens one stream and only keeps it: "HELD <n>" is printed as soon as
   all have been answered, and the streams are closed after `seconds`. */
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

#define SECOND 1000000000L
#define ROOM 262144

typedef struct {
  int fd, times, busy, answered; /* answered: the head of the response is here */
  long begins, asked;
  long left;                     /* bytes of the body or of the chunk still to come */
  int chunked, in_size;          /* in_size: inside a chunk's size line */
  char *line;                    /* the stream's last, unfinished line, or an unfinished head */
  int length;
} Visitor;

typedef struct {
  long *at;
  int count, room;
} Times;

static const char *method, *path, *body = "", *end;
static char headers[4096], request[ROOM];
static int port, visitors = 1, most_times, hold, poller, request_length;
static double seconds = 5, ramp, late = 100;
static long begun, closing;
static Times acknowledged, first, whole, delays;
static long chunks, on_time, failed, refused, bytes, held;

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void note(Times *times, long nanoseconds) {
  if (times->count == times->room)
    times->at = realloc(times->at, (times->room = times->room ? 2 * times->room : 1024) * sizeof(long));
  times->at[times->count++] = nanoseconds;
}

static void leave(Visitor *v) {
  if (v->fd >= 0) close(v->fd);
  v->fd = -1;
}

static int connect_to(Visitor *v) {
  int one = 1;
  v->fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(v->fd, (void *)&at, sizeof at)) return 0;
  fcntl(v->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event want = {.events = EPOLLIN, .data.ptr = v};
  return !epoll_ctl(poller, EPOLL_CTL_ADD, v->fd, &want);
}

static void ask(Visitor *v) {
  v->busy = 1;
  v->answered = v->chunked = v->in_size = v->length = 0;
  v->left = 0;
  v->asked = now();
  if ((v->fd >= 0 || connect_to(v)) && send(v->fd, request, request_length, MSG_NOSIGNAL) > 0) return;
  failed++;
  v->busy = 0;
  leave(v);
}

static void ask_again(Visitor *v) {
  if (end) leave(v);
  v->busy = 0;
  v->times++;
  if (now() < closing && (!most_times || v->times < most_times)) ask(v);
}

static void give_up(Visitor *v) {
  failed++;
  leave(v);
  ask_again(v);
}

/* Takes one line of a stream; returns whether it is the last. */
static int take_line(Visitor *v, const char *line) {
  for (const char *at = line; (at = strchr(at, '@')); at++) {
    char *after;
    long due = strtol(at + 1, &after, 10);
    if (after == at + 1 || *after != '@') continue;
    at = after;
    long arrived = now();
    if (v->asked > 0) note(&first, arrived - v->asked);
    v->asked = v->asked > 0 ? -v->asked : v->asked;
    note(&delays, arrived - due);
    chunks++;
    on_time += arrived - due <= late * 1e6;
  }
  return strstr(line, end) != 0;
}

static int take_text(Visitor *v, const char *text, int length) {
  for (int i = 0; i < length; i++) {
    if (text[i] != '\n' && v->length < ROOM - 1) {
      v->line[v->length++] = text[i];
      continue;
    }
    v->line[v->length] = 0;
    v->length = 0;
    if (take_line(v, v->line)) return 1;
  }
  return 0;
}

/* Undoes the chunked framing; returns whether the response is over. */
static int take_chunks(Visitor *v, const char *data, int length) {
  for (int i = 0; i < length;) {
    if (v->left > 0) {
      int some = v->left < length - i ? v->left : length - i;
      if (end && take_text(v, data + i, some)) return 1;
      v->left -= some;
      i += some;
      v->in_size = 0;
      continue;
    }
    char c = data[i++];
    if (c == '\n' && v->in_size) { /* the end of a size line */
      if (v->left == 0) return 1;
      v->left = -v->left;
    } else if (strchr("0123456789abcdefABCDEF", c)) {
      v->left = v->left * 16 - strtol((char[]){c, 0}, 0, 16);
      v->in_size = 1;
    }
  }
  return 0;
}

static int take_body(Visitor *v, const char *data, int length) {
  if (v->chunked) return take_chunks(v, data, length);
  v->left -= length;
  return v->left <= 0;
}

/* Takes what came; returns whether the response is over. */
static int take(Visitor *v, const char *data, int length) {
  bytes += length;
  if (v->answered) return take_body(v, data, length);
  if (v->length + length >= ROOM) return 1;
  memcpy(v->line + v->length, data, length);
  v->length += length;
  v->line[v->length] = 0;
  char *after = strstr(v->line, "\r\n\r\n");
  if (!after) return 0;
  v->answered = 1;
  note(&acknowledged, now() - v->asked);
  *after = 0;
  if (v->line[9] != '2') refused++;
  v->chunked = strcasestr(v->line, "transfer-encoding: chunked") != 0;
  char *size = strcasestr(v->line, "content-length:");
  v->left = size ? atol(size + 15) : 0;
  int rest = v->length - (after + 4 - v->line);
  v->length = 0;
  if (hold) held++;
  return rest || !v->chunked ? take_body(v, after + 4, rest) : 0;
}

static void hear(Visitor *v) {
  static char data[65536];
  int got = read(v->fd, data, sizeof data);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    give_up(v);
    return;
  }
  if (!take(v, data, got) || !v->busy || hold) return;
  note(&whole, now() - labs(v->asked));
  ask_again(v);
}

static int by_size(const void *a, const void *b) {
  long x = *(long *)a, y = *(long *)b;
  return x < y ? -1 : x > y;
}

static void tell(const char *name, Times *times) {
  qsort(times->at, times->count, sizeof(long), by_size);
  int n = times->count;
  printf(",\"%s\":{\"count\":%d,\"p50\":%.4f,\"p99\":%.4f,\"max\":%.4f}", name, n,
         n ? times->at[(n - 1) / 2] / 1e6 : 0, n ? times->at[(long)((n - 1) * .99)] / 1e6 : 0,
         n ? times->at[n - 1] / 1e6 : 0);
}

static void read_words(int count, char **words) {
  port = atoi(words[1]);
  method = words[2];
  path = words[3];
  for (int i = 4; i < count; i++) {
    const char *name = words[i], *value = i + 1 < count ? words[i + 1] : "";
    if (!strcmp(name, "--hold")) {
      hold = 1;
      continue;
    }
    i++;
    if (!strcmp(name, "--header")) strcat(strcat(headers, value), "\r\n");
    else if (!strcmp(name, "--body")) body = value;
    else if (!strcmp(name, "--visitors")) visitors = atoi(value);
    else if (!strcmp(name, "--seconds")) seconds = atof(value);
    else if (!strcmp(name, "--ramp")) ramp = atof(value);
    else if (!strcmp(name, "--times")) most_times = atoi(value);
    else if (!strcmp(name, "--end")) end = value;
    else if (!strcmp(name, "--late")) late = atof(value);
    else exit(2);
  }
  request_length = sprintf(request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", method, path, port, headers);
  if (*body)
    request_length += sprintf(request + request_length,
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
  request_length += sprintf(request + request_length, "\r\n%s", body);
}

int main(int count, char **words) {
  if (count < 4) return 2;
  read_words(count, words);
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(0);
  begun = now();
  closing = begun + (long)((hold ? 120 : seconds) * SECOND);
  Visitor *all = calloc(visitors, sizeof *all);
  for (int i = 0; i < visitors; i++)
    all[i] = (Visitor){.fd = -1, .line = malloc(ROOM), .begins = begun + (long)(ramp * SECOND * i / visitors)};
  int began = 0, told = 0, busy = 1;
  while (busy && now() < closing + (hold ? 0 : 30 * SECOND)) {
    struct epoll_event ready[256];
    while (began < visitors && all[began].begins <= now() && (!hold || held >= began)) ask(&all[began++]);
    int n = epoll_wait(poller, ready, 256, began < visitors ? 1 : 20);
    for (int i = 0; i < n; i++)
      if (((Visitor *)ready[i].data.ptr)->fd >= 0) hear(ready[i].data.ptr);
    busy = began < visitors;
    for (int i = 0; i < began && !busy; i++) busy = all[i].busy;
    if (hold && held == visitors && !told) {
      told = printf("HELD %ld\n", held);
      fflush(stdout);
      closing = now() + (long)(seconds * SECOND);
    }
  }
  printf("{\"seconds\":%.3f,\"chunks\":%ld,\"on_time\":%ld,\"failed\":%ld,\"refused\":%ld,\"bytes\":%ld",
         (now() - begun) / 1e9, chunks, on_time, failed, refused, bytes);
  tell("acknowledged", &acknowledged);
  tell("first", &first);
  tell("whole", &whole);
  tell("delay", &delays);
  printf("}\n");
}
