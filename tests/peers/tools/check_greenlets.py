"""gevent: calls of the sync client give way to other greenlets."""

from gevent import monkey

monkey.patch_all()  # before all else

import socket  # noqa: E402

import gevent  # noqa: E402
from counter import call, start  # noqa: E402

import antiphon  # noqa: E402

url = start()
jobs = [gevent.spawn(call, url) for _ in range(20)]
gevent.joinall(jobs)
assert sorted(job.value for job in jobs) == list(range(1, 21))
assert call(f"http://localhost:{url.rpartition(':')[2]}") == 21


def out_of_time() -> str:
    try:
        call(silent, timeout=antiphon.Timeout(read=1), max_retries=0)
    except antiphon.APITimeoutError as error:
        return str(error.phase)
    return "responded"


with socket.create_server(("127.0.0.1", 0)) as listener:
    silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
    jobs = [gevent.spawn(out_of_time) for _ in range(5)]
    assert len(gevent.joinall(jobs, timeout=3)) == 5, "they waited one after the other"
    assert {job.value for job in jobs} == {"first byte"}
print("ok")
