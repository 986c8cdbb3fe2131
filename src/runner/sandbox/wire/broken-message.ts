/** Thrown for bytes out of a sandbox that its own code would not have written. */
export class BrokenMessage extends Error {
  override readonly name = "BrokenMessage";

  /** @param why a clause, such as "it wrote a line without a level". */
  constructor(why: string) {
    super(
      `The run was ended: ${why}. Code of the job has changed a built-in object, or has used a descriptor or port that is the server's own.`,
    );
  }
}
