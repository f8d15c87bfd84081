# Rules about Zato, for its [kvdb]: which version a file is of, and what else in it would keep the
# edit from working. They were read in the templates and the code of the versions:
# - 1.x has [singleton] and no [startup_services_first_worker]; 2.0 has both. Up to 3.1 work_dir is
#   in [hot_deploy], from 3.2 on in [main] (3.2 and later take both: a file that an older version
#   made is told what to change). max_batch_size came with 3.1, [redis] in place of [kvdb] with 4.1;
#   builds in between lack [startup_services_first_worker].
# - A new 3.x server has password=zato+secret://..., which stands for an encrypted empty text if
#   none was given: so it may be emptied, and any other value may not.
# - With sentinels Zato uses database 0, and no host, port or socket from the file.

function no_stanza() {
    if (stanza == "kvdb" && ("redis" in has_section))
        fail(has_section["redis"], \
            "this is a server.conf of Zato 4.1, which has [redis] in place of [kvdb] and never asks sentinels. Give its [redis] an address that follows the master, such as a proxy in front of the nodes, and take the file out of zato.serverConfs")
    fail(0, "has no [" stanza "]; is it the server.conf of a Zato version with that stanza?")
}

function refuse_version(line, version, why) {
    fail(line, "this is a server.conf of Zato " version "; 3.2 and 3.3 are supported. " why)
}

function rules(    singleton, first_worker, old_work_dir) {
    if (stanza != "kvdb") return
    first_worker = "startup_services_first_worker" in has_section
    singleton = has_section["singleton"]
    old_work_dir = ("main.work_dir" in fact_of) ? 0 : line_of["hot_deploy.work_dir"]
    if ((singleton || old_work_dir) && !first_worker)
        refuse_version(singleton ? singleton : old_work_dir, "1.1 or older", \
            "It knows no sentinels: upgrade it, or take the file out of zato.serverConfs")
    if (singleton || ("pubsub.move_to_target_queues_interval" in fact_of))
        refuse_version(singleton ? singleton : line_of["pubsub.move_to_target_queues_interval"], \
            "2.0", \
            "Its client fails with the socket_timeout that they need: set the three sentinel keys by hand, socket_timeout and password empty, or upgrade it")
    if (old_work_dir && !("hot_deploy.max_batch_size" in fact_of))
        refuse_version(old_work_dir, "3.0", \
            "Its client fails with the socket_timeout that they need, and [broker] of its scheduler.conf wants the same keys: set them by hand, socket_timeout and password empty. If the server runs 3.2 or 3.3 by now, move work_dir from [hot_deploy] to [main], where these have it")
    if (old_work_dir)
        refuse_version(old_work_dir, "3.1", \
            "[broker] of its scheduler.conf wants the same keys: set both by hand. If the server runs 3.2 or 3.3 by now, move work_dir from [hot_deploy] to [main], where these have it")
    if (!("main" in has_section) || !("hot_deploy" in has_section))
        warn("nothing in the file tells which version of Zato it is of; taken for 3.2 or 3.3")
    else if (!first_worker)
        warn("has no [startup_services_first_worker], as the builds between Zato 3.3 and 4.1, which ignore sentinels: look at zato --version")
    if ("redis" in has_section)
        warn("line " has_section["redis"] \
            ": has a [redis], as Zato 4.1, which does not read [kvdb]")
    other_redis()
}

# Said until the edit has been made.
function other_redis(    host, hosts) {
    if (!("password" in wanted) && fact_of["kvdb.password"] != "" &&
            fact_of["kvdb.password"] !~ /^zato\+secret:/)
        other_value("password")
    if (!("db" in wanted) && fact_of["kvdb.db"] !~ /^0*$/)
        fail(line_of["kvdb.db"], \
            "db is not 0, but with sentinels Zato always uses database 0, where it would not find its data. Copy what it needs, and set db=0")
    if ("use_redis_sentinels" in known) return
    host = fact_of["kvdb.host"]
    hosts = "," wish("host") "," wish("redis_sentinels") ","
    gsub(/:[0-9]+/, "", hosts)
    gsub(/ /, "", hosts)
    if (host != "" && !("host" in known) && (!index(hosts, "," host ",") || \
        (host == wish("host") && fact_of["kvdb.port"] != "" &&
            fact_of["kvdb.port"] != wish("port"))))
        warn("line " line_of["kvdb.host"] \
            ": host and port name another Redis; Zato will use this deployment instead, and the data there is not moved")
    if (fact_of["kvdb.unix_socket_path"] != "")
        warn("line " line_of["kvdb.unix_socket_path"] \
            ": unix_socket_path names another Redis; Zato will use this deployment instead, and the data there is not moved")
}

function wish(key) { return (key in wanted) ? wanted[key] : "" }

# A key in whose place nothing but a reference to a secret may be changed.
function other_value(key) {
    fail(line_of[stanza "." key], \
        "[" stanza "] has a " key \
        ", and this deployment has none: Zato would not get access. Empty it (" \
        key "=), and destroy will not put it back")
}
