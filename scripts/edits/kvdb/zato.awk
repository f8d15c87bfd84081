# Rules about Zato: what else in a file would keep the edit from working. They were read in the
# templates and the code of the versions:
# - Where no password was given, a new 3.x server has password=zato+secret://..., which stands for
#   an encrypted empty text, and a new scheduler has such a text itself. So these may be emptied; any
#   other value may not, and neither may an encrypted text that is too long to be an empty one.
# - With sentinels Zato uses database 0, and no host, port or socket from the file.

function no_stanza() {
    fail(0, "has no [" stanza "]; is it the " kind " of a Zato version with that stanza?")
}

function rules() {
    say_of_version()
    if (stanza == "kvdb" && ("redis" in has_section))
        warn("line " has_section["redis"] \
            ": has a [redis], as Zato 4.1, which does not read [kvdb]")
    if (rows || stanza == "kvdb") other_redis()
}

# Whether Zato makes it where it was given no password.
function no_password(value) {
    return value ~ /^zato\+secret:/ || (length(value) == 100 && value ~ /^gAAAA[A-Za-z0-9_-]+=*$/)
}

# Said until the edit has been made.
function other_redis(    host, hosts) {
    if (!("password" in wanted) && of("password") != "" && !no_password(of("password")))
        other_value("password")
    if (!("db" in wanted) && of("db") !~ /^0*$/)
        fail(line_of[stanza ".db"], \
            "db is not 0, but with sentinels Zato always uses database 0, where it would not find its data. Copy what it needs, and set db=0")
    if ("use_redis_sentinels" in known) return
    host = of("host")
    hosts = "," wish("host") "," wish("redis_sentinels") ","
    gsub(/:[0-9]+/, "", hosts)
    gsub(/ /, "", hosts)
    if (host != "" && !("host" in known) && (!index(hosts, "," host ",") || \
        (host == wish("host") && of("port") != "" && of("port") != wish("port"))))
        warn("line " line_of[stanza ".host"] \
            ": host and port name another Redis; Zato will use this deployment instead, and the data there is not moved")
    if (of("unix_socket_path") != "")
        warn("line " line_of[stanza ".unix_socket_path"] \
            ": unix_socket_path names another Redis; Zato will use this deployment instead, and the data there is not moved")
}

function of(key) { return ((stanza "." key) in fact_of) ? fact_of[stanza "." key] : "" }
function wish(key) { return (key in wanted) ? wanted[key] : "" }

# A key in whose place nothing may be changed but what stands for no password.
function other_value(key) {
    fail(line_of[stanza "." key], \
        "[" stanza "] has a " key \
        ", and this deployment has none: Zato would not get access. Empty it (" \
        key "=), and destroy will not put it back")
}
