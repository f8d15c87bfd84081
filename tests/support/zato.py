"""What Zato makes of its configuration: how each version reads a file, and how it calls redis-py.

python3 zato.py read        cases (JSON list) on standard input, a list of what each is read as
python3 zato.py use VERSION FILE STANZA: commands on standard input, a line each, `set KEY VALUE` or
                            `get KEY`, tried until they succeed; the answers as lines. Variables in
                            the environment override the file as in 3.3
"""

import ast
import json
import os
import sys
import time
from io import StringIO

from configobj import ConfigObj

OLD = ("2.0", "3.0", "3.1")
PREFIX = "Zato_Config_Server_server__conf_"


def evaluated(value):
    """3.2 and 3.3 take what looks like a value of Python for one."""
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError):
        return value


def stanza_of(version, file, name, environment=None):
    conf = ConfigObj(file, encoding="utf8")
    stanza = dict(conf[name])
    if environment:
        # They are written down as a stanza, and read as the file is.
        text = "".join(f"{key[len(PREFIX + name) + 1:]}={value}\n\n" for key, value in environment.items() if key.startswith(f"{PREFIX}{name}_"))
        stanza.update(ConfigObj(StringIO(f"[{name}]\n{text}"))[name])
    if version not in OLD:
        stanza = {key: evaluated(value) for key, value in stanza.items()}
    return stanza


def as_switch(value):
    words = {"true": True, "yes": True, "on": True, "y": True, "t": True, "1": True, "false": False, "no": False, "off": False, "n": False, "f": False, "0": False}
    return words[str(value).strip().lower()]


def call_of(version, stanza):
    """The arguments of redis.sentinel.Sentinel and the name of the master, or why there is no call."""
    if version not in OLD and not (stanza["host"] and stanza["port"]):
        return {"off": "no host"}
    switch = stanza["use_redis_sentinels"]
    if not (as_switch(switch) if version in OLD else switch):
        return {"off": "no sentinels"}
    # Read as attributes at every start.
    assert {"shadow_password_in_logs", "log_connection_info_sleep_time"} <= set(stanza)
    sentinels = stanza["redis_sentinels"]
    sentinels = [sentinels] if isinstance(sentinels, str) else sentinels
    sentinels = [(each.split(":")[0], int(each.split(":")[1])) for each in sentinels]
    master = stanza["redis_sentinels_master"]
    assert sentinels and master
    password = stanza["password"] or None
    timeout = float(stanza["socket_timeout"]) if stanza["socket_timeout"] else None
    if version in ("2.0", "3.0"):
        arguments, named = [sentinels, password, timeout], {}
    else:
        arguments, named = [sentinels], {"min_other_sentinels": 0, "password": password, "socket_timeout": timeout, "decode_responses": True}
    return {"arguments": arguments, "named": named, "master": master}


def read(case):
    try:
        return call_of(case["version"], stanza_of(case["version"], case["file"], case["stanza"], case.get("environment")))
    except Exception as error:
        return {"error": repr(error)}


def connect(call):
    from redis.sentinel import Sentinel

    class Python2(Sentinel):
        """Python 2, which 2.0 and 3.0 need, has nothing below None; Python 3 refuses to compare."""

        def check_master_state(self, state, service_name):
            if self.min_other_sentinels is None:
                self.min_other_sentinels = 0
            return super().check_master_state(state, service_name)

    return (Sentinel if call["named"] else Python2)(*call["arguments"], **call["named"]).master_for(call["master"])


def use(version, file, name):
    call = call_of(version, stanza_of(version, file, name, os.environ))
    conn = connect(call)
    for line in sys.stdin:
        command, key, *value = line.split()
        end = time.monotonic() + 120
        while True:
            try:
                answer = conn.get(key) if command == "get" else conn.set(key, value[0])
                break
            except Exception as error:
                if time.monotonic() > end:
                    raise
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                time.sleep(0.1)
        print(answer.decode() if isinstance(answer, bytes) else answer, flush=True)


if sys.argv[1] == "read":
    json.dump([read(case) for case in json.load(sys.stdin)], sys.stdout)
else:
    use(*sys.argv[2:])
