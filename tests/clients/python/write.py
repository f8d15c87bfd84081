"""python3 write.py CLIENT FILE: writes one key after the other; FILE gets a line for each that was acknowledged: what was written, and when (ms)."""

import os
import sys
import time


def redis_py():
    from redis_client import redis

    return lambda key: redis.set(key, key) and key


def redis_py_asyncio():
    import asyncio

    from redis_asyncio_client import redis

    loop = asyncio.new_event_loop()
    return lambda key: loop.run_until_complete(redis.set(key, key)) and key


def celery():
    from celery_app import record

    # A task's identity, in place of a key: it must be in the queue.
    return lambda key: record.delay(key).id


def django():
    os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
    from django.core.cache import cache

    def write(key):
        cache.set(key, key, timeout=None)
        return cache.make_key(key)

    return write


def main():
    name, file = sys.argv[1:]
    write = {"redis-py": redis_py, "redis-py-asyncio": redis_py_asyncio, "celery": celery, "django": django}[name]()
    index = 0
    with open(file, "a", buffering=1) as acknowledged:
        while True:
            index += 1
            try:
                written = write(f"{name}:{index}")
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                time.sleep(0.05)
                continue
            acknowledged.write(f"{written} {time.time_ns() // 1_000_000}\n")
            time.sleep(0.02)


main()
