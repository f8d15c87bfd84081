import assert from "node:assert/strict";
import { it } from "node:test";
import type { Action, Parameters } from "../../support/editShells.ts";

/** What a script of an edit said and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** An edit, and how its script is run. */
export interface Edit {
  /**
   * `killAt`: kill -9 before the step of that number; steps are the calls of programs that change
   * something.
   */
  run(action: Action, settings: Parameters, killAt?: number): Promise<Ended>;
  readonly settings: Parameters;
  /** The same edit with other settings. */
  readonly others: Parameters;
  /** All that the edit may change, and what has to be as before in the end. */
  state(): string | Promise<string>;
  /** Part of the state while the edit with `settings` is applied. */
  readonly applied: RegExp;
  /** What somebody may do to it: each is seen, and made up for. */
  readonly byHand: Readonly<Record<string, () => unknown>>;
  /**
   * What is refused: the settings, what has to be prepared, the reason, and how to undo what was
   * prepared.
   */
  readonly refused: Readonly<
    Record<
      string,
      {
        settings?: Partial<Parameters>;
        prepare?: () => unknown;
        reason: RegExp;
        undo?: () => unknown;
      }
    >
  >;
}

/**
 * The contract of an edit (scripts/supervisor/edits.sh), as tests of the `describe` around it.
 *
 * @param make is called before the first step.
 * @param todo why it does not hold yet.
 */
export function keepsTheContract(
  make: () => Edit | Promise<Edit>,
  { todo, kills = false }: { todo?: string; kills?: boolean } = {},
): void {
  const options = todo === undefined ? {} : { todo };
  let edit: Edit;
  let before = "";
  const ends = async (action: Action, status: number, settings = edit.settings) => {
    const ended = await edit.run(action, settings);
    assert.equal(ended.status, status, `${action}: ${ended.out}${ended.err}`);
    return ended;
  };
  const check = (status: number, settings = edit.settings) => ends("check", status, settings);

  it("not applied: 3, and nothing is touched", options, async () => {
    edit = await make();
    before = await edit.state();
    assert.doesNotMatch(before, edit.applied);
    await check(3);
    assert.equal(await edit.state(), before);
  });

  it("applied: 0; applied again, nothing changes", options, async () => {
    await ends("apply", 0);
    const applied = await edit.state();
    assert.match(applied, edit.applied);
    await check(0);
    await ends("apply", 0);
    assert.equal(await edit.state(), applied);
    await check(0);
  });

  it("changed by hand: 3; applied again: 0", options, async () => {
    const applied = await edit.state();
    for (const [what, change] of Object.entries(edit.byHand)) {
      await change();
      assert.equal((await edit.run("check", edit.settings)).status, 3, what);
      await ends("apply", 0);
      assert.equal((await edit.run("check", edit.settings)).status, 0, what);
      assert.equal(await edit.state(), applied, what);
    }
  });

  it("other settings: 3 until they are applied, then the former are not", options, async () => {
    await check(3, edit.others);
    await ends("apply", 0, edit.others);
    await check(0, edit.others);
    await check(3);
    await ends("apply", 0);
    await check(0);
  });

  it("removed: 3, and everything as before; removed twice, too", options, async () => {
    for (let time = 1; time <= 2; time++) {
      await ends("remove", 0);
      await check(3);
      assert.equal(await edit.state(), before);
    }
  });

  it("refused: 1 with the reason, and nothing is touched", options, async () => {
    for (const [what, { settings = {}, prepare, reason, undo }] of Object.entries(edit.refused)) {
      await prepare?.();
      const prepared = await edit.state();
      const parameters = Object.fromEntries(
        Object.entries({ ...edit.settings, ...settings }).map(([name, value]) => [
          name,
          value ?? "",
        ]),
      );
      for (const action of ["check", "apply"] as const) {
        const { status, out, err } = await edit.run(action, parameters);
        assert.equal(status, 1, `${what}, ${action}: ${out}${err}`);
        assert.match(out + err, reason, what);
        assert.doesNotMatch(out + err, /(?!\n)\p{Cc}/u, what);
        assert.equal(await edit.state(), prepared, what);
      }
      await undo?.();
    }
  });

  if (!kills) return;
  it(
    "killed at any step: the next apply, and the next remove, make up for it",
    options,
    async () => {
      for (const [action, next] of [
        ["apply", "apply"],
        ["apply", "remove"],
        ["remove", "apply"],
        ["remove", "remove"],
      ] as const) {
        let [step, killed] = [0, true];
        while (killed) {
          // Each of the first ones, where there is most to go wrong, then some; `npm run soak`
          // takes all.
          step += step < 6 || process.env.ROUNDS ? 1 : 13;
          if (action === "remove") await ends("apply", 0);
          killed = (await edit.run(action, edit.settings, step)).status === null;
          await ends(next, 0);
          await check(next === "apply" ? 0 : 3);
          await ends("remove", 0);
          assert.equal(
            await edit.state(),
            before,
            `${action} killed at step ${step}, then ${next}`,
          );
        }
        assert.ok(step > 2, `${action} has steps to be killed at`);
      }
    },
  );
}
