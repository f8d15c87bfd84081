import { spawnSync } from "node:child_process";

export interface Comparison {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly stanza: string;
  /** Key and raw value. */
  readonly wanted: Readonly<Record<string, string>>;
}

// The wanted raw value is parsed by ConfigObj too: alone, so that nothing of our editing is part of
// what is expected.
const program = `
import json, sys
from configobj import ConfigObj
def load(lines): return ConfigObj(lines, encoding='utf8', interpolation=False)
def plain(section): return [(k, plain(v) if isinstance(v, dict) else v) for k, v in section.items()]
problems = []
for case in json.load(sys.stdin):
    try:
        before, after = load(case['before']), load(case['after'])
        for key, raw in case['wanted'].items():
            want = load([('k=' + raw).encode()])['k']
            if after[case['stanza']].get(key) != want:
                problems.append('%s: %s is %r, wanted %r' % (case['name'], key, after[case['stanza']].get(key), want))
            for conf in (before, after): conf[case['stanza']].pop(key, None)
        if plain(before) != plain(after): problems.append('%s: something else changed: %r %r' % (case['name'], plain(before), plain(after)))
    except Exception as error:
        problems.append('%s: %r' % (case['name'], error))
json.dump(problems, sys.stdout)
`;

/**
 * Reads the files as Zato does (file names, UTF-8, lists on) and returns what is not as it should
 * be.
 */
export function compareWithConfigObj(comparisons: readonly Comparison[]): string[] {
  const python = spawnSync("/usr/bin/python3", ["-c", program], {
    input: JSON.stringify(comparisons),
    encoding: "utf8",
  });
  if (python.status !== 0)
    throw new Error(
      `python3 with configobj (Debian: python3-configobj) is needed: ${python.stderr}`,
    );
  return JSON.parse(python.stdout) as string[];
}

const loader = `
import json, sys
from configobj import ConfigObj
def problem(file):
    try: ConfigObj(file, encoding='utf8', interpolation=False)
    except Exception as error: return repr(error)
json.dump([problem(file) for file in json.load(sys.stdin)], sys.stdout)
`;

/** @returns for each file why ConfigObj can't load it, null where it can. */
export function problemsOfConfigObj(files: readonly string[]): (string | null)[] {
  const python = spawnSync("/usr/bin/python3", ["-c", loader], {
    input: JSON.stringify(files),
    encoding: "utf8",
  });
  if (python.status !== 0)
    throw new Error(
      `python3 with configobj (Debian: python3-configobj) is needed: ${python.stderr}`,
    );
  return JSON.parse(python.stdout) as (string | null)[];
}
