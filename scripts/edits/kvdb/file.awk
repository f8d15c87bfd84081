# The whole file: its sections and keys. What ConfigObj refuses anywhere in it is refused with the
# line, as Zato could not start with it, before or after.

function parse(    i, s, depth, inside, j, label) {
    depth = 0; inside = 0; anchor = 0
    style_gap = style_after = ""; style_from = 0
    sections = 0; section_at[0] = 0
    if (substr(text[1], 1, 2) == "\377\376" || substr(text[1], 1, 2) == "\376\377")
        fail(1, "the file is UTF-16; Zato reads UTF-8")
    for (i = 1; i <= lines; i++)
        if (!is_utf8(text[i])) fail(i, "bytes that are not UTF-8, which Zato reads")
    for (i = 1; i <= lines; i++) {
        s = text[i]
        if (i == 1 && substr(s, 1, 3) == BOM) s = substr(s, 4)
        if (ends(s)) continue
        if (header(s)) {
            if (open != close_) fail(i, "the section header has " open " [ and " close_ " ]")
            if (open > depth + 1)
                fail(i, "the section is nested too deep: at most " (depth + 1) " [ may stand here")
            depth = open
            name_in = unquote(name)
            label = substr("[[[[[[[[", 1, depth) name_in substr("]]]]]]]]", 1, depth)
            claim(i, section_at[depth - 1], name_in, "[", label)
            section_at[depth] = ++sections
            label_of[sections] = label
            if (depth == 1) {
                top = name_in
                has_section[top] = i
                inside = top == stanza
                if (inside) { anchor = i; style_indent = substr(s, 1, blanks(s)) }
            } else if (depth == 2 && inside) section_line[name_in] = i
            continue
        }
        if (!keyline(s)) {
            if (ltrim(s) ~ /^\[/) fail(i, "a section header that is not closed: expected [name]")
            fail(i, "neither key = value, [section], # comment nor blank")
        }
        if (i == 1 && substr(text[1], 1, 3) == BOM) left = BOM left
        claim(i, section_at[depth], name, "k", name)
        j = lastline(i, right)
        if (j == i && ltrim(right) !~ /^("""|\047\047\047)/ && !good_value(right))
            fail(i, "the value of " name \
                " has quotes that do not match, or an empty element in a list")
        if (depth == 1) fact(top "." name, i, j)
        if (depth == 1 && inside) {
            take_key(i, j)
            anchor = j
            take_style(3)
            style_indent = indent
        } else take_style(1)
        i = j
    }
}

# Within a section a name stands for one thing, key or section.
function claim(i, section, key, what, label,    first) {
    if (!((section, key) in claimed)) {
        claimed[section, key] = what i
        return
    }
    first = substr(claimed[section, key], 2)
    if (substr(claimed[section, key], 1, 1) != what)
        fail(i, label " is a key and a section at once (the first is in line " \
            first "); rename one of them")
    fail(i, "a second " label (section ? " in " label_of[section] : "") \
        " (the first is in line " first "); keep one of them")
}

# What the rules about Zato ask for.
function fact(path, i, j) {
    line_of[path] = i
    fact_of[path] = j == i && split_value(right) ? unquote(raw) : right
}

# The look of an added line follows a key with a value, in the stanza if there is one.
function take_style(weight) {
    if (!split_value(right) || raw != "") weight++
    else lead = before
    if (weight <= style_from) return
    style_from = weight
    style_gap = length(before) > 1 ? " " : before
    style_after = length(lead) > 1 ? " " : lead
}

function take_key(i, j) {
    at_line[name] = i
    key_left[name] = left
    key_gap[name] = before
    if (j == i && split_value(right)) {
        key_raw[name] = raw
        key_region[name] = lead raw trail
        key_comment[name] = comment
        readable[name] = 1
    } else if (j != i) several_lines[name] = 1
}
