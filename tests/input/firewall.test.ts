import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { before, it } from "node:test";
import fc from "fast-check";
import { isNetwork } from "../../hosts/address.ts";
import { tableOf } from "../../hosts/ssh/edits.ts";
import { nameProblems } from "../../hosts/names.ts";
import { assignments } from "../../hosts/shell.ts";
import { hostileTexts } from "../support/hostile.ts";
import { forAll, text } from "../support/properties.ts";
import { inShell, shells } from "../support/shell.ts";

// What nftables has in the kernel once it has read our rules is what was asked for.

before(() => {
  assert.ok(process.env.SANDBOX, "tables of nftables are made in a network of their own");
});

interface Wish {
  table: string;
  ports: number[];
  allowed: string[];
}

/** What the kernel has of a table. */
interface Read {
  ports: string;
  networks: string;
}

const name = fc
  .oneof(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/), text)
  .filter((each) => nameProblems("name", each).length === 0);
const octet = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(octet, octet, octet, octet).map((each) => each.join("."));
const network = fc
  .oneof(
    address,
    fc.tuple(address, fc.integer({ min: 0, max: 33 })).map(([each, bits]) => `${each}/${bits}`),
    text,
  )
  .filter(isNetwork);

it("a table has the ports and the networks that were asked for, each once, and its own name", async (t) => {
  const wish = fc.record({
    table: name.map(tableOf),
    ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 0, maxLength: 12 }),
    allowed: fc.array(network, { minLength: 1, maxLength: 12 }),
  });
  await forAll(t, { short: 200, together: 50 }, wish, (wishes) => {
    const named = wishes.map((each, index) => ({ ...each, table: `${each.table}_${index}` }));
    for (const shell of shells) assert.deepEqual(tablesOf(shell, named), named.map(meant));
  });
});

it("names that differ only in signs that a table can't have are not one table's", async (t) => {
  await forAll(t, { short: 200, together: 100 }, name, (names) => {
    const all = new Set(
      names.flatMap((each) => [".", "-", "_"].map((s) => each.replaceAll(/[._-]/g, s))),
    );
    assert.equal(new Set([...all].map(tableOf)).size, all.size);
  });
});

it("no hostile text is a network, nor a name", () => {
  assert.deepEqual(hostileTexts.filter(isNetwork), ["10.0.0.0/0"]);
  for (const each of hostileTexts.filter((given) => nameProblems("", given).length === 0))
    assert.match(tableOf(each), /^[A-Za-z_][A-Za-z0-9_]*$/);
});

/** Has nftables load all rules, and asks it what it has; takes them away again. */
function tablesOf(shell: readonly string[], wishes: readonly Wish[]): Read[] {
  const program = wishes.map(
    ({ table, ports, allowed }) =>
      `${assignments({ TABLE: table, PORTS: ports.map(String), ALLOWED: allowed })}rules\n`,
  );
  const rules = inShell(shell, ["edits/firewall/rules.sh"], program.join(""), "").join("\n");
  execFileSync("nft", ["-f", "-"], { input: rules });
  try {
    const said = JSON.parse(
      execFileSync("nft", ["-j", "list", "ruleset"], { encoding: "utf8", maxBuffer: 2 ** 28 }),
    ) as { nftables: { rule?: { table: string; expr: Expression[] } }[] };
    return wishes.map(({ table }) =>
      readOf(said.nftables.flatMap(({ rule }) => (rule?.table === table ? [rule.expr] : []))),
    );
  } finally {
    execFileSync("nft", ["flush", "ruleset"]);
  }
}

type Value = number | string | { prefix: { addr: string; len: number } } | { range: string[] };

interface Expression {
  match?: {
    left: { payload?: { protocol: string; field: string }; meta?: { key: string } };
    right: Value | { set: Value[] };
  };
  accept?: null;
  drop?: null;
}

/** The ports are those of both rules; what comes first is the machine itself. */
function readOf([loopback, accept, drop, ...more]: Expression[][]): Read {
  assert.deepEqual(more, []);
  assert.equal(loopback?.[0]?.match?.left.meta?.key, "iifname");
  assert.equal(loopback[0].match.right, "lo");
  if (accept === undefined) return { ports: "", networks: "" };
  assert.ok(drop && accept.some((each) => "accept" in each));
  assert.ok(drop.some((each) => "drop" in each));
  const ports = partsOf(accept, "dport");
  assert.equal(partsOf(drop, "dport"), ports);
  return { ports, networks: partsOf(accept, "saddr") };
}

/** As ranges of numbers: in however many pieces the kernel has them. */
function partsOf(rule: Expression[], field: string): string {
  const right = rule.find(({ match }) => match?.left.payload?.field === field)?.match?.right;
  assert.ok(right !== undefined);
  const values = typeof right === "object" && "set" in right ? right.set : [right];
  return joined(
    values.map((value) => {
      if (typeof value === "number") return [value, value];
      if (typeof value === "string") return rangeOf(value);
      if ("prefix" in value) return rangeOf(`${value.prefix.addr}/${value.prefix.len}`);
      // Of ports they are numbers.
      const [from = "", to = ""] = value.range.map(String);
      return [numberOf(from), numberOf(to)];
    }),
  );
}

function meant({ ports, allowed }: Wish): Read {
  if (ports.length === 0) return { ports: "", networks: "" };
  return {
    ports: joined(ports.map((each) => [each, each])),
    networks: joined(allowed.map(rangeOf)),
  };
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, each) => sum * 256 + Number(each), 0);
}

function rangeOf(given: string): [number, number] {
  const [at = "", bits = "32"] = given.split("/");
  const size = 2 ** (32 - Number(bits));
  const from = Math.floor(numberOf(at) / size) * size;
  return [from, from + size - 1];
}

function joined(ranges: number[][]): string {
  const found: [number, number][] = [];
  for (const [from = 0, to = 0] of ranges.sort(([a = 0], [b = 0]) => a - b)) {
    const last = found.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found.map(([from, to]) => `${from}-${to}`).join(" ");
}
