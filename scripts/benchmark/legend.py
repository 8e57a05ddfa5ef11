"""What the printed tables mean."""

from typing import Final

TABLE: Final = """\
Every cost is the CPU time (user and system) of all threads of the server, divided by the number of requests of a
burst. The server runs on one core, the client on another. Each round measures the limit, the cost and the limit again.
The ratio is the median of the rounds' ratios; the quartiles stand beside it. Cost and limit are medians too, so their
quotient is only roughly the ratio. p50, p99 and the rate are measured by the client, with 16 connections (4 for
sign-ins). They depend on everything else that the machine does. Every service logs to a file, as it is shipped.

%        share of the limit's rate: limit / cost     more is better, 100 % is the limit itself
×        multiple of the limit's cost: cost / limit  less is better
+ %      cost added to the limit: cost / limit - 1   less is better
beyond   cost - limit. A processor with AVX512-IFMA makes a signature in half the time of one without, which lowers
         every share of the signature's rate. This difference does not depend on that. To measure as without it:
         OPENSSL_ia32cap=:~0x200000 scripts/bench
by rate  the same share, of requests per second instead of CPU time. It also shows when a server waits, for a disk or
         for the client's core, on which the stores run. An aim that only the CPU time reaches is "met by CPU".

raw RSA-2048 signature       key.sign of cryptography in a loop, in a process of its own on the server's core; meanwhile
                             the client's core is as busy as in the bursts (idle in the rows of operations)
raw Argon2id + signature     the same, with one verification of a password at the service's cost
peer                         scripts/benchmark/peers: aiohttp, joserfc and a store, as one writes it in an afternoon
plain aiohttp route          reads JSON, signs and answers JSON; no session, no checks, no log: the maximum of aiohttp
plain aiohttp GET            scripts/benchmark/peers/plain.py
without a guard              the same handler, which returns JSON, and the same requests, in an application without a
                             guard in the same process
behind a remote guard        the guard polls the revocation feed of a running service every 2 seconds
without its hash             CPU time of the event loop's thread only; hashing runs on other threads, and the
                             difference of two noisy hash times would be noise
raw verification             key.verify of cryptography in a loop, in the process that validates
on sqlite, postgres, valkey  CPU time of the service alone, on a durable store (appendfsync always, fsync); the store's
                             server runs on the client's core; users are in the same database, for valkey in SQLite
p99 of GET /auth/me          the cost is the 99th percentile of the latencies of a burst: 2 connections ask for
                             /auth/me one after the other while 14 refresh
two workers                  CPU time of both workers, each on any of the two cores
rotate                       the rotation service on the in-memory store, sessions in random order, no HTTP; without
                             signatures the larger number of sessions shows as accesses to main memory
rotate, on sqlite, postgres  refreshes by HTTP, each of another session until all had their turn; on postgres the CPU
                             time of the database's backends counts, too
session in memory            one of 100,000 sessions (--quick: 20,000) of different users, with address and device name;
                             "just rotated" includes one replaced secret, which the replay window needs
cold start, warm start       until scripts/serve says that it listens, in wall-clock time: without .venv, but with
                             packages in the cache; and with .venv. Only a machine that does nothing else tells
session in a store           the growth of the file, of the table with its indexes, or of used_memory"""  # noqa: RUF001  # the sign of multiplication

PROFILE: Final = """\
Found by sampling a service that does nothing else, at the clock ticks of its CPU time. A sample counts for the
innermost file that belongs to a part (scripts/benchmark/parts.py); the standard library counts for its caller. The
event loop is what remains: selecting, scheduling, sockets of clients. Signing includes making the claims and their
JSON. The standard error comes from the number of samples. The total is the CPU time that was measured meanwhile."""
