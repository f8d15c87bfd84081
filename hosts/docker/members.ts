import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../../scripts/bundle.ts";
import type { Deployment } from "../deployment.ts";
import { containerScripts, installation } from "../installation.ts";
import { installationHere, onceThere } from "../installationHere.ts";
import { assignments } from "../shell.ts";

/**
 * @param cli the docker program, told which engine.
 * @param stays names of the containers that the program has on it.
 * @param staying shell assignments: all that the program has.
 * @returns shell text that ends the deployment's other containers, to be run where Pulumi runs.
 */
export function keepOnlyText(
  cli: pulumi.Output<string>,
  deployment: Deployment,
  stays: pulumi.Output<string[]>,
  staying: pulumi.Input<string>,
): pulumi.Output<string> {
  const scripts = installationHere(containerScripts);
  const text = pulumi
    .all([
      cli,
      deployment.identity,
      deployment.mark,
      stays,
      staying,
      scripts ? "installation\n" : deployment.meanwhile(() => installation(containerScripts)),
    ])
    .apply(([engine, { id }, marked, names, known, putting]) => {
      // The scripts that are in there may be of a version that knows of no leaving.
      const within = `${assignments({ mark: marked })}adopt=1\n${putting}cat <<'END' | sh "$here/host.sh" retire "$here/$name"\n${known}END\n`;
      return (
        assignments({ engine, deployment: id, stays: names, within }) +
        (scripts?.locate ?? "scripts=\n") +
        scriptText("members-docker.sh")
      );
    });
  return onceThere(text, scripts?.prepare);
}
