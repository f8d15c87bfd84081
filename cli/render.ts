import { styleText } from "node:util";
import { shown } from "../hosts/foreignText.ts";
import { endpointText } from "../topology/endpoints.ts";
import type { Verdict } from "../topology/judge.ts";
import type { Problem } from "../topology/problem.ts";
import type { Column } from "../topology/rules.ts";
import type { Known, NodeView, SentinelView, Topology } from "../topology/topology.ts";
import { nodeText, placeText } from "../topology/words.ts";
import type { Pause } from "./pause/marks.ts";
import { type Cell, type Paint, table } from "./table.ts";

/** Characters of a line about what is wrong. */
const mostCharacters = 400;

/** Red where the stream is a terminal, as NO_COLOR and FORCE_COLOR say. */
export function redOn(stream: NodeJS.WriteStream): Paint {
  return (text) => styleText("red", text, { stream });
}

/** @returns the lines that `npm run status` shows */
export function renderStatus(topology: Topology, verdict: Verdict, red: Paint): string[] {
  const { problems } = verdict;
  const lines = [
    headline(topology, verdict, red),
    "",
    ...nodeTable(topology, verdict, red),
    "",
    ...sentinelTable(topology, problems, red),
  ];
  const list = (broken: boolean) =>
    problems
      .filter(({ severity }) => (severity === "broken") === broken)
      .map(({ words }) => shown(`  - ${words}`, mostCharacters));
  const [wrong, notes] = [list(true), list(false)];
  if (wrong.length > 0) lines.push("", red("What is wrong:"), ...wrong.map(red));
  if (notes.length > 0) lines.push("", "Worth knowing:", ...notes);
  if (topology.limitations.length > 0)
    lines.push("", ...topology.limitations.map((line) => shown(`Note: ${line}`)));
  return lines;
}

function headline(
  { masterName, stack }: Topology,
  { healthy, master }: Verdict,
  red: Paint,
): string {
  const subject = shown(`${masterName} (stack ${stack})`);
  const who = master ? shown(`the master is ${nodeText(master)}`) : "there is no agreed master";
  return healthy ? `${subject}: healthy, ${who}` : red(`${subject}: NOT HEALTHY, ${who}`);
}

function nodeTable({ nodes }: Topology, { master, problems }: Verdict, red: Paint): string[] {
  const headings = [
    "NODE",
    "HOST:PORT",
    "ROLE",
    "LINK",
    "OFFSET",
    "LAG",
    "PRIORITY",
    "KEYS",
    "SERVER",
  ];
  const rows = nodes.map((node): Cell[] => {
    const { facts } = node;
    const cell = cells(problems, node.name);
    const start = [cell(node.name, "answer"), cell(endpointText(node))];
    if (!facts) return [...start, cell("no answer", "answer"), ...unknown(6)];
    return [
      ...start,
      cell(facts.role, "role"),
      cell(linkText(node), "link"),
      cell(String(facts.offset)),
      cell(lagText(node, master)),
      cell(priorityText(facts.priority)),
      cell(String(facts.keys), "keys"),
      cell(facts.server, "server"),
    ];
  });
  return table(headings, rows, red);
}

function sentinelTable(topology: Topology, problems: Problem[], red: Paint): string[] {
  const headings = [
    "SENTINEL",
    "NAMES",
    "EPOCH",
    "FLAGS",
    "REPLICAS",
    "PEERS",
    "QUORUM",
    "DOWN-AFTER",
    "CKQUORUM",
  ];
  const rows = topology.sentinels.map((sentinel): Cell[] => {
    const { facts } = sentinel;
    const who = endpointText(sentinel);
    const cell = cells(problems, who);
    if (!facts) return [cell(who, "answer"), cell("no answer", "answer"), ...unknown(7)];
    return [
      cell(who),
      cell(placeText(topology, facts), "names"),
      cell(String(facts.epoch), "epoch"),
      cell([...facts.flags, ...(facts.tilt ? ["TILT"] : [])].join(","), "flags"),
      cell(countText(facts.replicaCount, facts.replicas), "replicas"),
      cell(countText(facts.peerCount, facts.peers), "peers"),
      cell(`${facts.quorum} of ${topology.sentinels.length}`, "quorum"),
      cell(`${facts.downAfterMilliseconds} ms`, "downAfter"),
      cell(ckquorumText(sentinel), "ckquorum"),
    ];
  });
  return table(headings, rows, red);
}

/**
 * @returns what makes a cell of the row of `who`, bad if something is broken that is in its column
 */
function cells(problems: Problem[], who: string): (text: string, column?: Column) => Cell {
  const bad = new Set(
    problems
      .filter((each) => each.who === who && each.severity === "broken")
      .map(({ column }) => column),
  );
  return (text, column) => ({ text, bad: column !== undefined && bad.has(column) });
}

function unknown(count: number): Cell[] {
  return Array.from({ length: count }, () => ({ text: "-" }));
}

function linkText({ facts }: NodeView): string {
  if (facts?.loading) return "loading";
  if (!facts?.link) return "-";
  if (facts.link.syncing) return "syncing";
  return facts.link.up ? "up" : "down";
}

function priorityText(priority: number | undefined): string {
  if (priority === undefined) return "?";
  return priority === 0 ? "0, never" : String(priority);
}

function lagText(node: NodeView, master: NodeView | undefined): string {
  const lag = lagOf(node, master);
  return lag ? `${lag.bytes} B, ${lag.seconds ?? "?"} s` : "-";
}

/**
 * How far a replica is behind: bytes of the stream, and seconds since the master heard of it.
 * Undefined for others.
 */
export function lagOf(
  node: NodeView,
  master: NodeView | undefined,
): { bytes: number; seconds: number | undefined } | undefined {
  if (!master?.facts || node.facts?.role !== "replica") return undefined;
  const seen = master.facts.replicas.find(
    ({ host, port }) => port === node.port && [node.host, node.address].includes(host),
  );
  // They are not asked at the very same moment: a replica may seem to be ahead.
  return { bytes: Math.max(0, master.facts.offset - node.facts.offset), seconds: seen?.lagSeconds };
}

function countText(count: number, members: Known[] = []): string {
  const down = members.filter(({ flags }) => flags.includes("s_down")).length;
  return down > 0 ? `${count}, ${down} down` : String(count);
}

function ckquorumText({ facts }: SentinelView): string {
  if (facts?.ckquorum === undefined)
    return facts?.unanswered === undefined ? "not in this version" : "?";
  // The tail of the good answer is always the same.
  return facts.ckquorum.replace(/^OK (\d+) usable Sentinels.*$/, "OK, $1 usable");
}

/** The same as {@link renderStatus}, for programs. */
export function statusJson(
  topology: Topology,
  { healthy, master, problems }: Verdict,
  pause?: Pause,
): string {
  // As whom they were asked is a secret.
  const nodes = topology.nodes.map((node) => ({
    ...node,
    login: undefined,
    lag: lagOf(node, master),
  }));
  const sentinels = topology.sentinels.map((sentinel) => ({ ...sentinel, login: undefined }));
  const { stack, masterName, limitations } = topology;
  const status = {
    stack,
    masterName,
    healthy,
    paused: pause?.mark ?? null,
    pauseUnknown: pause?.silent.map(({ where }) => where) ?? [],
    master: master?.name ?? null,
    problems,
    nodes,
    sentinels,
    limitations,
  };
  // What JSON leaves as it is, and a terminal may not.
  const escape = (text: string) =>
    text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return JSON.stringify(status, undefined, 2).replaceAll(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    escape,
  );
}
