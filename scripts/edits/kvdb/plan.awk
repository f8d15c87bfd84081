# What to do to each key, and what to remember of it.

function set_region(key, region) {
    if (region == key_region[key]) return
    text[at_line[key]] = key_left[key] region key_comment[key]
    key_region[key] = region
    changed = 1
}

function mine(key) {
    return (key in known) && (key in readable) &&
        (key_raw[key] == ours[key] || ((key in previous) && key_raw[key] == previous[key]))
}
function untouched_form(key) {
    return key_region[key] == \
        with_value(key_gap[key], was[key], key_raw[key], key_comment[key] != "")
}

function want(key,    value, region) {
    value = wanted[key]
    if (key in section_line)
        fail(section_line[key], "a section [[" key "]] stands where the key " key \
            " is wanted; rename one of them")
    if ((key in at_line) && !(key in readable))
        fail(at_line[key], "the value of " key \
            ((key in several_lines) ? " is a multi-line one; put it on one line" : \
            " has quotes that do not match"))
    if ((key in known) && (key in unfinished) && !mine(key)) forget(key)
    if (kind_of[key] == "?" && (key in at_line) && !empty(key_raw[key]) && !mine(key)) return
    if (kind_of[key] == "!" && !mine(key)) {
        if (!(key in at_line) || empty(key_raw[key])) return
        if (!no_password(unquote(key_raw[key]))) other_value(key)
    }
    keys++
    if (!(key in at_line)) {
        region = value == "" ? "" : style_after value
        insert = insert style_indent key style_gap "=" region "\n"
        changed = 1
    } else if (key_raw[key] == value && !(key in known)) return
    if (!(key in known)) {
        remember[++remembered] = key
        known[key] = 1
        unfinished[key] = 1
        if (key in at_line) was[key] = key_region[key]; else added[key] = 1
    } else if (value != ours[key]) previous[key] = mine(key) ? key_raw[key] : ours[key]
    ours[key] = value
    if ((key in at_line) && key_raw[key] != value) {
        if ((key in was) && untouched_form(key))
            set_region(key, with_value(key_gap[key], was[key], value, key_comment[key] != ""))
        else
            set_region(key, \
                with_value(key_gap[key], key_region[key], value, key_comment[key] != ""))
    }
}

function forget(key) {
    delete known[key]
    delete was[key]
    delete added[key]
    delete ours[key]
    delete previous[key]
    delete unfinished[key]
}

function put_back(key,    original) {
    if (key in was) { split_value(was[key]); original = raw }
    if (!(key in at_line)) {
        if ((key in was) && !(key in unfinished)) note(key " is no longer in [" stanza "]; left so")
        return
    }
    if (!mine(key)) {
        if ((key in unfinished) || ((key in was) && (key in readable) && key_raw[key] == original))
            return
        note("line " at_line[key] ": " key " was changed by somebody else since; left as it is")
        return
    }
    keys++
    if (key in added) { gone[at_line[key]] = 1; changed = 1; return }
    set_region(key, untouched_form(key) ? was[key] : \
        with_value(key_gap[key], key_region[key], original, key_comment[key] != ""))
}
