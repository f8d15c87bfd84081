# Which version of Zato a file is of, by the rows that VERSIONS has, and what is wanted of it
# therefore. A row is lines: `version NAME`; `mark LIST` (words SECTION or SECTION.KEY, `!` before
# what is not there; one list has to hold); `told`, if somebody says that it is this one; `unmarked`,
# if it is taken where no mark holds; `refuse WHY`; `want` with a line as in WANTED; `environment`,
# if the variables in OVERRIDING override the file; `warn TEXT` until the edit is made, `remind TEXT`
# always.

function read_version(s,    word, rest) {
    if (s == "") return
    word = s
    sub(/ .*/, "", word)
    rest = substr(s, length(word) + 2)
    if (word == "version") row_name[++rows] = rest
    else if (word == "mark") mark[rows, ++marks[rows]] = rest
    else if (word == "told") told = rows
    else if (word == "unmarked") unmarked = rows
    else if (word == "refuse") refusal[rows] = rest
    else if (word == "want") want_of[rows, ++wants_of[rows]] = rest
    else if (word == "environment") by_environment[rows] = 1
    else if (word == "warn" || word == "remind") {
        saying[rows, ++sayings[rows]] = rest
        if (word == "warn") until_made[rows, sayings[rows]] = 1
    } else fail(0, "VERSIONS: a line is not of a known kind: " word)
}

# Whether all of a list holds; marked_line is where the first of it is that is there.
function holds(list,    each, count, i, absent, path, there) {
    count = split(list, each, " ")
    marked_line = 0
    for (i = 1; i <= count; i++) {
        absent = substr(each[i], 1, 1) == "!"
        path = substr(each[i], 1 + absent)
        there = index(path, ".") ? (path in fact_of) : (path in has_section)
        if (there == absent) return 0
        if (there && !marked_line)
            marked_line = index(path, ".") ? line_of[path] : has_section[path]
    }
    return 1
}

# Sets row, and wants what that wants.
function recognise(    i, j, found) {
    if (!rows) return
    for (i = 1; i <= rows && !found; i++)
        for (j = 1; j <= marks[i] && !found; j++) if (holds(mark[i, j])) found = i
    row = told ? told : found ? found : unmarked
    if (!row) return
    if (row in refusal)
        fail(marked_line, "this is a " kind " of Zato " row_name[row] ". " refusal[row] \
            ", or take " (by == "" ? "the file" : "its environment") " out of " field)
    if (told && found && found != told)
        warn("line " marked_line ": zato.version says " row_name[told] \
            ", and this is as in a file of Zato " row_name[found] ", and written as it says")
    else if (!told && !found)
        warn("nothing in the file tells which version of Zato it is of; taken for " row_name[row])
    for (j = 1; j <= wants_of[row]; j++) read_wanted(want_of[row, j])
}

function say_of_version(    j) {
    for (j = 1; j <= sayings[row]; j++)
        if (!((row, j) in until_made) || !("use_redis_sentinels" in known)) warn(saying[row, j])
    if (overriding != "" && (!rows || (row in by_environment)))
        warn("the environment variables " overriding \
            "override it: Zato does not use what stands here for these keys. Unset them, or give them what the output kvdbEnvironment has")
}
