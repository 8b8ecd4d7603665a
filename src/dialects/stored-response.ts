/** An answer that is kept so that later requests can refer to it. Its members are JSON of the dialect that wrote it. */
export interface StoredResponse {
  readonly id: string;
  /** The response whose conversation this one goes on. */
  readonly previousId: string | undefined;
  /** The answer, with what it shows only to those who ask for it. */
  readonly response: object;
  /** The items that its request added to the conversation. */
  readonly input: readonly object[];
}
