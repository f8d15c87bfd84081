import { type Column, type Rule, type RuleNumber, rules, type Severity } from "./rules.ts";

/** A rule that is broken. */
export interface Problem {
  rule: RuleNumber;
  severity: Severity;
  /** A node's name or a sentinel's `HOST:PORT`; empty if it is about the whole. */
  who: string;
  column?: Column;
  /** For people: the rule's text. */
  words: string;
}

/** @param values what takes the place of the words in braces */
export function problem(
  rule: RuleNumber,
  who: string,
  values: Record<string, string | number> = {},
): Problem {
  const { severity, text, column }: Rule = rules[rule];
  return {
    rule,
    severity,
    who,
    column,
    words: text.replaceAll(/\{(\w+)\}/g, (_, word: string) => String(values[word] ?? "?")),
  };
}
