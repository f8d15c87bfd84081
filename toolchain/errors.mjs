/** Something that the person can put right: shown without a stack trace. */
export class ToolchainError extends Error {
  /** @override */
  name = "ToolchainError";

  /**
   * @param {string} message what is wrong and what to do
   * @param {number} [exitStatus] of the script that fails with it
   */
  constructor(message, exitStatus = 1) {
    super(message);
    this.exitStatus = exitStatus;
  }
}
