import { createInterface } from "node:readline/promises";
import { CliError, ExitStatus } from "./program.ts";

/** What is to be agreed to. */
export interface Question {
  /** What has to be typed. */
  word: string;
  /** What is to be done, behind "Type WORD to". */
  purpose: string;
  /** The command with which it is done without being asked. */
  again: string;
}

/** @throws CliError where nobody typed the word, before anything was touched. */
export async function confirm({ word, purpose, again }: Question): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CliError(
      "Nothing was touched: there is no terminal to ask on.",
      `If it is to be done: ${again}`,
      ExitStatus.couldNotLook,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  const answer = await Promise.race([terminal.question(`Type ${word} to ${purpose}: `), ended]);
  terminal.close();
  if (answer.trim() !== word) throw new CliError("\nNothing was touched.");
}
